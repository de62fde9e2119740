package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// try runs one command and returns what it printed and its status.
func (s *shell) try(args ...string) (status int, out string) {
	s.t.Helper()
	var b bytes.Buffer
	lookup := func(name string) (string, bool) { v, ok := s.vars[name]; return v, ok }
	status = run(context.Background(), args, lookup, streams{strings.NewReader(""), &b, &b})
	return status, b.String()
}

func TestATransactionIsProvenToWhoHasTheKeyAlone(t *testing.T) {
	s := newShell(t)
	if status, out := s.try("seal"); status == 0 {
		t.Errorf("nothing was sealed: %s", out)
	}
	for _, command := range []string{
		`csa user add ana@seal.example --organization Seal --role tenant_admin --role program_manager --role operator`,
		`csa program add seal --name Seal --zone America/Chicago`,
		`csa fund add CITY --program seal --name City --funder City`,
		`csa fund receive CITY --program seal --amount 1000.00 --reference grant --on 2025-08-15`,
	} {
		s.one(command)
	}
	proof := filepath.Join(s.dir, "proof.json")
	if status, out := s.try("proof", "1", "--out", proof); status == 0 || !strings.Contains(out, "seal first") {
		t.Errorf("a proof before the seal: %d %s", status, out)
	}
	status, checkpoint := s.try("seal")
	if status != 0 || !strings.HasPrefix(checkpoint, "seedbook/1\n") || !strings.Contains(checkpoint, "\n— seedbook ") {
		t.Fatalf("seal: %d %s", status, checkpoint)
	}
	if _, again := s.try("seal"); again != checkpoint {
		t.Errorf("nothing new is another checkpoint: %s", again)
	}
	_, key := s.try("seal", "--key")
	key = strings.TrimSpace(key)
	if status, out := s.try("proof", "1", "--out", proof); status != 0 {
		t.Fatalf("proof: %s", out)
	}
	if status, out := s.try("proof", "check", proof, "--key", key); status != 0 || !strings.Contains(out, "Transaction 1 is in the books") {
		t.Errorf("check: %d %s", status, out)
	}
	raw, err := os.ReadFile(proof)
	if err != nil {
		t.Fatal(err)
	}
	forged := filepath.Join(s.dir, "forged.json")
	if err := os.WriteFile(forged, bytes.Replace(raw, []byte("1000.00"), []byte("9000.00"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"a forged amount":  {"proof", "check", forged, "--key", key},
		"a stranger's key": {"proof", "check", proof, "--key", "seedbook+7c5a6f0e+AfbMV7QqWx5QX3Gy1GpzR3Q6F0hYp7v4n4vVYb3cO5tD"},
		"no transaction":   {"proof", "99", "--out", forged},
		"no number":        {"proof", "one", "--out", forged},
	} {
		if status, out := s.try(args...); status == 0 {
			t.Errorf("%s: %s", name, out)
		}
	}
	kept := filepath.Join(s.dir, "kept.note")
	if err := os.WriteFile(kept, []byte(checkpoint), 0o600); err != nil {
		t.Fatal(err)
	}
	s.one(`csa fund receive CITY --program seal --amount 5.00 --reference more --on 2025-08-16`)
	if status, out := s.try("seal"); status != 0 || out == checkpoint {
		t.Errorf("after more: %d %s", status, out)
	}
	if status, out := s.try("verify", "--kept", kept); status != 0 || !strings.Contains(out, "the books continue it") || !strings.Contains(out, "nothing wrong") {
		t.Errorf("verify: %d %s", status, out)
	}
	if err := os.WriteFile(kept, []byte(strings.Replace(checkpoint, "seedbook/1", "seedbook/2", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _ := s.try("verify", "--kept", kept); status == 0 {
		t.Error("a checkpoint that was tampered with is taken")
	}
}
