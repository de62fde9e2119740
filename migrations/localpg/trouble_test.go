package localpg

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestWhatIsWrongIsSaidInOneSentence(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(t *testing.T, dir string)
		kind  error
		words []string
	}{
		{"no control file", func(t *testing.T, dir string) { remove(t, dir, "data/global/pg_control") },
			ErrDamaged, []string{"global/pg_control", "backup"}},
		{"no transaction log", func(t *testing.T, dir string) { remove(t, dir, "data/pg_wal") },
			ErrDamaged, []string{"pg_wal", "backup"}},
		{"an emptied transaction log", func(t *testing.T, dir string) { empty(t, dir, "data/pg_wal") },
			ErrDamaged, []string{"checkpoint record", "backup"}},
		{"a control file of zeros", func(t *testing.T, dir string) { write(t, dir, "data/global/pg_control", strings.Repeat("\x00", 8192)) },
			ErrDamaged, []string{"backup"}},
		{"no version", func(t *testing.T, dir string) { remove(t, dir, "data/PG_VERSION") },
			ErrDamaged, []string{"PG_VERSION", "backup"}},
		{"another version", func(t *testing.T, dir string) { write(t, dir, "data/PG_VERSION", "12\n") },
			ErrVersion, []string{"PostgreSQL 12", "postgresql-12", "pg_upgrade"}},
		{"a file in its place", func(t *testing.T, dir string) { remove(t, dir, "."); write(t, dir, ".", "") },
			ErrFolder, []string{"CSA_DATA"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := prepared(t)
			test.spoil(t, dir)
			_, err := Start(t.Context(), Config{Dir: dir, Durable: true})
			wants(t, err, test.kind, test.words...)
		})
	}
}

func remove(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

func empty(t *testing.T, dir, name string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, name, "0*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("nothing to remove: %v", err)
	}
	for _, f := range files {
		remove(t, "", f)
	}
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAMissingPostgreSQLNamesTheCommandThatInstallsIt(t *testing.T) {
	t.Setenv("PATH", folder(t))
	was := places
	places = nil
	defer func() { places = was }()
	_, err := Start(t.Context(), Config{Dir: folder(t)})
	wants(t, err, ErrNotInstalled, "apt-get install postgresql")
	_, err = Start(t.Context(), Config{Dir: folder(t), BinDir: "/nowhere"})
	wants(t, err, ErrNotInstalled, "/nowhere", "initdb")
}

func TestAnInterruptedFirstStartLeavesNothing(t *testing.T) {
	dir := folder(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Start(ctx, Config{Dir: dir}); err == nil {
		t.Fatal("a cancelled start succeeded")
	}
	start(t, Config{Dir: dir})
}

func TestAFullDiskIsNamed(t *testing.T) {
	dir := folder(t)
	if err := exec.Command("mount", "-t", "tmpfs", "-o", "size=12m,mode=711", "none", dir).Run(); err != nil {
		t.Skip("NOT TESTED: may not mount a small disk here")
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", dir).Run() })
	_, err := Start(t.Context(), Config{Dir: filepath.Join(dir, "pg")})
	wants(t, err, ErrDiskFull, dir, "free some space")
	if _, err := os.Stat(filepath.Join(dir, "pg", "data.new")); err == nil {
		t.Error("the half-made database was left on the full disk")
	}
}

func TestADiskThatFillsUpLaterIsNamedAndRecoveryLosesNothing(t *testing.T) {
	dir := folder(t)
	if err := exec.Command("mount", "-t", "tmpfs", "-o", "size=120m,mode=711", "none", dir).Run(); err != nil {
		t.Skip("NOT TESTED: may not mount a small disk here")
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", dir).Run() })
	cfg := Config{Dir: filepath.Join(dir, "pg"), Durable: true}
	s := start(t, cfg)
	exec1(t, open(t, s, "csa"), `CREATE TABLE kept (n integer)`)
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	ballast := filepath.Join(dir, "ballast")
	if err := exec.Command("dd", "if=/dev/zero", "of="+ballast, "bs=4096").Run(); err == nil {
		t.Fatal("the small disk did not fill up")
	}
	_, err := Start(t.Context(), cfg)
	wants(t, err, ErrDiskFull, dir, "free some space")
	remove(t, "", ballast)
	s = start(t, cfg)
	exec1(t, open(t, s, "csa"), `SELECT n FROM kept`)
}

func TestRootIsToldOfAFolderTheServerCannotReach(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root runs the server as somebody else")
	}
	closed := filepath.Join(folder(t), "home")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(closed, "checkout", "data")
	_, err := Start(t.Context(), Config{Dir: dir})
	wants(t, err, ErrFolder, closed, "chmod o+x", "CSA_DATA")

	elsewhere, err := Place(dir)
	if err != nil || !strings.HasPrefix(elsewhere, "/var/lib/seedbook-") {
		t.Errorf("Place(%s) = %s, %v; want a folder in /var/lib", dir, elsewhere, err)
	}
	if again, _ := Place(dir); again != elsewhere {
		t.Errorf("Place is %s one time and %s the next", elsewhere, again)
	}
	if open, _ := Place("/tmp/x"); open != "/tmp/x" {
		t.Errorf("Place(/tmp/x) = %s", open)
	}
}

func TestAFolderOfSomebodyElseIsRefused(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may enter every folder")
	}
	closed := folder(t)
	if err := os.Chmod(closed, 0o500); err != nil {
		t.Fatal(err)
	}
	_, err := Start(t.Context(), Config{Dir: filepath.Join(closed, "pg")})
	wants(t, err, ErrFolder, closed, "CSA_DATA")
	_, err = Start(t.Context(), Config{Dir: closed})
	wants(t, err, ErrFolder, closed, "CSA_DATA")
}

// TestAlsoAsAnOrdinaryUser repeats the tests to which it matters as nobody when
// they run as root, which they do in containers.
func TestAlsoAsAnOrdinaryUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("this is an ordinary user")
	}
	temp := folder(t)
	if err := os.Chown(temp, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	self := filepath.Join(temp, "localpg.test")
	program, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(self, program, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.v", "-test.run=Crash|Closed|SecondStart|CtrlC|LongPath|SomebodyElse|LeftBehind")
	cmd.Dir = temp
	cmd.Env = append(os.Environ(), "TMPDIR="+temp, "HOME="+temp)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
}
