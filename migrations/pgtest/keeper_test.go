package pgtest

import (
	"bufio"
	"database/sql"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"seedbook/migrations/localpg"
)

// userVar turns this test program into one that takes a database, says its
// DSN, and holds on to it until its input ends.
const userVar = "SEEDBOOK_PGTEST_USER"

func TestHelperTakesADatabase(t *testing.T) {
	if os.Getenv(userVar) == "" {
		t.Skip("only as a helper of the next test")
	}
	os.Stdout.WriteString("DSN " + New(t).DSN + "\n")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func helper(t *testing.T, temp string) (cmd *exec.Cmd, dsn string, stdin io.WriteCloser) {
	t.Helper()
	cmd = exec.Command(os.Args[0], "-test.run=TestHelperTakesADatabase")
	cmd.Env = append(os.Environ(), userVar+"=1", idleVar+"=100ms", "TMPDIR="+temp)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if found, ok := strings.CutPrefix(lines.Text(), "DSN "); ok {
			return cmd, found, stdin
		}
	}
	t.Fatal("the helper said no DSN")
	return nil, "", nil
}

func TestKilledTestProgramsLeaveNoServerAndHarmNoOther(t *testing.T) {
	temp := privateTemp(t)
	first, _, _ := helper(t, temp)
	second, dsn, stdin := helper(t, temp)
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = first.Wait()
	ping(t, dsn)
	stdin.Close()
	if err := second.Wait(); err != nil {
		t.Fatal(err)
	}
	awaitNoServer(t, temp)

	// What the killed one left is swept away by the next.
	_, dsn, _ = helper(t, temp)
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var left, templates int
	const query = `
		SELECT count(*) FILTER (WHERE datname LIKE 'test\_%' AND datname <> current_database()),
		       count(*) FILTER (WHERE datname LIKE 'template\_%')
		FROM pg_database`
	if err := db.QueryRow(query).Scan(&left, &templates); err != nil {
		t.Fatal(err)
	}
	if left != 0 || templates != 1 {
		t.Errorf("%d databases of killed tests and %d templates, want 0 and 1", left, templates)
	}
}

func TestSpoiltFilesOfAnEarlierRunAreReplaced(t *testing.T) {
	temp := privateTemp(t)
	cmd, _, stdin := helper(t, temp)
	stdin.Close()
	_ = cmd.Wait()
	awaitNoServer(t, temp)
	if err := os.Remove(filepath.Join(base(t, temp), "server", "data", "global", "pg_control")); err != nil {
		t.Fatal(err)
	}
	_, dsn, _ := helper(t, temp)
	ping(t, dsn)
}

func TestAfterAKeeperWasKilledItsFilesAreNotTrusted(t *testing.T) {
	temp := privateTemp(t)
	cmd, dsn, _ := helper(t, temp)
	first := systemOf(t, dsn)
	said, err := os.ReadFile(filepath.Join(base(t, temp), "server", "lock"))
	keeper, _ := strconv.Atoi(strings.TrimSpace(string(said)))
	if err != nil || keeper == 0 {
		t.Fatalf("who keeps the server? %q, %v", said, err)
	}
	if err := syscall.Kill(keeper, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	_, dsn, _ = helper(t, temp)
	if systemOf(t, dsn) == first {
		t.Error("the next test program got a database on files that were never flushed")
	}
}

// systemOf is the number that initdb gave to the files.
func systemOf(t *testing.T, dsn string) (id string) {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow(`SELECT system_identifier FROM pg_control_system()`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	return id
}

func ping(t *testing.T, dsn string) {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Ping(); err != nil {
		t.Errorf("a test's server went away: %v", err)
	}
}

// privateTemp is a temporary folder that the server's user can reach.
func privateTemp(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pgtest-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !t.Failed() {
			awaitNoServer(t, dir)
		}
		os.RemoveAll(dir)
	})
	return dir
}

func base(t *testing.T, temp string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(temp, "seedbook-pgtest-*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("the folder of tests in %s: %v, %v", temp, found, err)
	}
	return found[0]
}

// awaitNoServer waits for the lock that the keeper holds while its server runs.
func awaitNoServer(t *testing.T, temp string) {
	t.Helper()
	dir := filepath.Join(base(t, temp), "server")
	f, err := locked(filepath.Join(dir, "lock"), syscall.LOCK_EX)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := localpg.Join(t.Context(), localpg.Config{Dir: dir}); err == nil {
		t.Error("the server answers although nobody keeps it")
	}
}

func TestOwnServerSurvivesACrash(t *testing.T) {
	s := NewServer(t)
	s.Kill()
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	ping(t, s.Database)
}
