package main

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"seedbook/service/store"
	"seedbook/service/vault"
	"seedbook/service/web"
	"seedbook/service/web/api"
)

// otherPrograms is README's block of commands that call the API.
var otherPrograms = regexp.MustCompile("(?s)(## For other programs.*?```console\n)(.*?)(```)")

// keyForm finds a key that was printed.
var keyForm = regexp.MustCompile(`csa_live_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}`)

// eachTime is what differs from run to run: keys, and when things happened.
var eachTime = regexp.MustCompile(`(csa_live_)[0-9A-Za-z_]+|(Key )[0-9A-Za-z]{8}\b|(good until )[0-9-]+|("posted_at":")[^"]+|(riverbend, in )[0-9.]+|("request":")[^"]+`)

func TestREADMEsCallsAreAnsweredAsItSays(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("curl is not installed")
		}
		t.Skip("curl is not installed: apt-get install curl")
	}
	text := readme(t)
	path, err := filepath.Abs(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	m := otherPrograms.FindStringSubmatch(text)
	if m == nil {
		t.Fatal("README has no block of commands below “For other programs”")
	}
	s := newShell(t)
	var server, key string
	var b strings.Builder
	for _, command := range commandsOf(m[2]) {
		run := command
		if strings.HasPrefix(command, "curl") {
			if server == "" {
				server = s.serveAPI()
			}
			run = strings.ReplaceAll(strings.ReplaceAll(command, "http://127.0.0.1:8080", server), "$KEY", key)
		}
		out := s.one(run)
		if found := keyForm.FindString(out); found != "" {
			key = found
		}
		if !strings.HasSuffix(out, "\n") {
			out += "\n"
		}
		fmt.Fprintf(&b, "$ %s\n%s", command, eachTime.ReplaceAllString(out, "$1$2$3$4$5$6…"))
	}
	got := b.String()
	if *update {
		fresh := strings.Replace(text, m[0], m[1]+got+m[3], 1)
		if err := os.WriteFile(path, []byte(fresh), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != m[2] {
		t.Errorf("the calls are answered otherwise now; look at it, then go test ./cmd/csa -run Calls -update\n%s", firstDifference(m[2], got))
	}
}

// serveAPI serves the API on the shell's database.
func (s *shell) serveAPI() string {
	s.t.Helper()
	keys, err := vault.Load(filepath.Join(s.vars["CSA_DATA"], "keys.json"))
	if err != nil {
		s.t.Fatal(err)
	}
	db, err := store.Open(s.vars["DATABASE_URL"], 4)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { db.Close() })
	hall, err := web.New(web.Config{Log: slog.New(slog.DiscardHandler), Keys: keys})
	if err != nil {
		s.t.Fatal(err)
	}
	door := &api.API{DB: db, Keys: keys, Now: time.Now}
	api.Mount(hall, door)
	s.t.Cleanup(door.Close)
	server := httptest.NewServer(hall.Handler())
	s.t.Cleanup(server.Close)
	return server.URL
}
