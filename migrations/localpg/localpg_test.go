package localpg

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// helperVar turns the test program into one that starts a server in the named
// folder, says its process, and stops it on Ctrl-C, as csa serve does.
const helperVar = "LOCALPG_TEST_SERVE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperVar); dir != "" {
		serve(dir)
		return
	}
	code := m.Run()
	if dir, err := original(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

func serve(dir string) {
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	s, err := Start(context.Background(), Config{Dir: dir})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(s.PID())
	<-interrupted
	if s.PID() == 0 {
		fmt.Println("the server went before the program")
	}
	_ = s.Stop()
}

// helper runs serve in a process of its own and returns it with its server's
// process number.
func helper(t *testing.T, dir string) (cmd *exec.Cmd, pid int, rest io.Reader) {
	t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperVar+"="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what a terminal gives a command
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	r := bufio.NewReader(out)
	said, err := r.ReadString('\n')
	if pid = atoi(strings.TrimSpace(said)); err != nil || pid == 0 {
		t.Fatalf("the helper did not start a server: %s", said)
	}
	return cmd, pid, r
}

// folder is a folder that a server's user can reach, unlike t.TempDir.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "localpg-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// prepared is a folder with a stopped database in it, which is copied: making
// one takes seconds.
func prepared(t *testing.T) string {
	t.Helper()
	made, err := original()
	if err != nil {
		t.Fatal(err)
	}
	dir := folder(t)
	if out, err := exec.Command("cp", "-a", made+"/.", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir
}

var original = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "localpg-original-")
	if err != nil {
		return "", err
	}
	s, err := Start(context.Background(), Config{Dir: dir})
	if err != nil {
		return "", err
	}
	return dir, s.Stop()
})

func start(t *testing.T, cfg Config) *Server {
	t.Helper()
	s, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop() })
	return s
}

func open(t *testing.T, s *Server, name string) *sql.DB {
	t.Helper()
	if err := s.EnsureDatabase(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("postgres", s.DSN(name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func exec1(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.Exec(query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func text(t *testing.T, db *sql.DB, query string) (s string) {
	t.Helper()
	if err := db.QueryRow(query).Scan(&s); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return s
}

// wants checks that an error is of a kind and is one sentence that says what to
// do.
func wants(t *testing.T, err, kind error, words ...string) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Fatalf("error = %v, want: %v", err, kind)
	}
	t.Log(err)
	if _, ok := errors.AsType[*Problem](err); !ok || strings.Contains(err.Error(), "\n") {
		t.Errorf("not a sentence for a person: %q", err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not mention %q", err, w)
		}
	}
}

func TestDataIsThereAfterStopAndAfterACrash(t *testing.T) {
	dir := folder(t)
	var said strings.Builder
	s := start(t, Config{Dir: dir, Durable: true, Log: &said})
	if !strings.Contains(said.String(), "new database") {
		t.Errorf("the first start said %q", said.String())
	}
	db := open(t, s, "csa")
	exec1(t, db, `CREATE TABLE kept (n integer)`)
	exec1(t, db, `INSERT INTO kept VALUES (1)`)
	s.Kill()
	if s.PID() != 0 {
		t.Error("the server has a process after Kill")
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.EnsureDatabase(t.Context(), "csa"); err != nil { // a second time
		t.Fatal(err)
	}
	if n := text(t, open(t, s, "csa"), `SELECT count(*) FROM kept`); n != "1" {
		t.Errorf("%s rows after a crash, want 1", n)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(); err != nil {
		t.Errorf("a second Stop: %v", err)
	}
	if err := s.Restart(t.Context()); err == nil {
		t.Error("Restart after Stop succeeded without the folder's lock")
	}
	s = start(t, Config{Dir: dir, Durable: true})
	if n := text(t, open(t, s, "csa"), `SELECT count(*) FROM kept`); n != "1" {
		t.Errorf("%s rows after a stop, want 1", n)
	}
}

func TestADurableServerIsSafeAndClosed(t *testing.T) {
	s := start(t, Config{Dir: folder(t), Durable: true})
	db := open(t, s, "csa")
	for setting, want := range map[string]string{
		"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "data_checksums": "on",
		"listen_addresses": "", "server_encoding": "UTF8", "TimeZone": "UTC", "log_statement": "none",
	} {
		if got := text(t, db, "SHOW "+setting); got != want {
			t.Errorf("%s = %s, want %s", setting, got, want)
		}
	}
	for _, dir := range []string{s.data(), s.socket} {
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v; want a folder closed to others", dir, info.Mode(), err)
		}
	}
}

func TestTheLogHoldsNothingPeopleWrote(t *testing.T) {
	s := start(t, Config{Dir: prepared(t), Durable: true})
	db := open(t, s, "csa")
	exec1(t, db, `CREATE TABLE names (name text PRIMARY KEY, age integer)`)
	exec1(t, db, `INSERT INTO names VALUES ($1, 4)`, "Canary")
	for _, query := range []string{
		`INSERT INTO names VALUES ('Canary', 5)`,   // DETAIL: Key (name)=(Canary) already exists
		`INSERT INTO names VALUES ('x', 'Canary')`, // invalid input syntax: "Canary"
		`SELECT 'Canary' FROM nowhere`,             // STATEMENT: …
	} {
		if _, err := db.Exec(query); err == nil {
			t.Fatalf("%s succeeded", query)
		}
	}
	if _, err := db.Exec(`INSERT INTO names VALUES ($1, $2)`, "Canary", "Canary"); err == nil {
		t.Fatal("a word went into a number")
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	logs, err := filepath.Glob(filepath.Join(s.data(), "log", "*.log"))
	if err != nil || len(logs) == 0 {
		t.Fatalf("no log files: %v", err)
	}
	for _, file := range append(logs, s.logFile()) {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), "Canary") {
			t.Errorf("%s holds the name:\n%s", file, b)
		}
	}
}

func TestASecondStartOnTheFolderIsRefusedAndOpenJoins(t *testing.T) {
	dir := prepared(t)
	s := start(t, Config{Dir: dir})
	_, err := Start(t.Context(), Config{Dir: dir})
	wants(t, err, ErrRunning, dir, fmt.Sprint(os.Getpid()))

	joined, err := Open(t.Context(), Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if joined.DSN("csa") != s.DSN("csa") {
		t.Errorf("joined %s, want %s", joined.DSN("csa"), s.DSN("csa"))
	}
	if err := joined.Stop(); err != nil {
		t.Fatal(err)
	}
	if s.PID() == 0 {
		t.Error("who joined a server stopped it")
	}
}

func TestCtrlCReachesTheProgramAndNotPostgreSQL(t *testing.T) {
	cmd, pid, rest := helper(t, prepared(t))
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT); err != nil { // as a terminal does
		t.Fatal(err)
	}
	said, _ := io.ReadAll(rest)
	if err := cmd.Wait(); err != nil || len(said) != 0 {
		t.Errorf("the program ended with %v, saying %q", err, said)
	}
	if syscall.Kill(pid, 0) == nil {
		t.Errorf("PostgreSQL (process %d) outlived the program", pid)
	}
}

func TestAServerLeftBehindIsStoppedAndItsDataKept(t *testing.T) {
	dir := prepared(t)
	cmd, _, _ := helper(t, dir)
	s, err := Join(t.Context(), Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	exec1(t, open(t, s, "csa"), `CREATE TABLE kept (n integer)`)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	s = start(t, Config{Dir: dir})
	exec1(t, open(t, s, "csa"), `SELECT n FROM kept`)
}

func TestAProcessNumberUsedAgainIsNotAServer(t *testing.T) {
	dir := prepared(t)
	s := start(t, Config{Dir: dir})
	s.Kill()
	s.release()
	file := filepath.Join(s.data(), "postmaster.pid")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "\n")
	if err := os.WriteFile(file, []byte(fmt.Sprintf("%d\n%s", os.Getpid(), rest)), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, Config{Dir: dir}) // and this test's own process lives on
}

func TestALongPathGetsAShortSocket(t *testing.T) {
	dir := filepath.Join(folder(t), strings.Repeat("long-", 20), "pg with space")
	s := start(t, Config{Dir: dir})
	if len(s.socket) > 60 {
		t.Errorf("the socket is in %s", s.socket)
	}
	joined, err := Join(t.Context(), Config{Dir: dir})
	if err != nil || joined.socket != s.socket {
		t.Errorf("Join = %v, %v; want the socket in %s", joined, err, s.socket)
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(s.socket); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket's folder is still there: %v", err)
	}
}
