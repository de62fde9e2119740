package localpg

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
)

// oldest is the first version with security_invoker views, on which the
// separation of tenants relies.
const oldest = 15

// binaries are the programs of one version of PostgreSQL.
type binaries struct {
	dir   string
	major int
}

func (b binaries) path(name string) string { return filepath.Join(b.dir, name) }

// places are where packages put PostgreSQL, besides PATH.
var places = []string{
	"/usr/lib/postgresql/*/bin",          // Debian, Ubuntu
	"/usr/pgsql-*/bin",                   // Red Hat and its kin, from postgresql.org
	"/usr/lib64/pgsql/bin",               // Fedora
	"/opt/homebrew/opt/postgresql@*/bin", // Homebrew on Apple silicon
	"/usr/local/opt/postgresql@*/bin",    // Homebrew on Intel
	"/Applications/Postgres.app/Contents/Versions/*/bin",
}

// find picks the PostgreSQL to run: the one that made the data, if there is
// data (have is its version, else 0), otherwise the newest.
func find(binDir string, have int) (binaries, error) {
	found := candidates(binDir)
	if len(found) == 0 {
		return binaries{}, notInstalled(binDir)
	}
	sort.SliceStable(found, func(i, j int) bool { return found[i].major > found[j].major })
	for _, b := range found {
		if b.major == have {
			return b, nil
		}
	}
	newest := found[0]
	if have != 0 {
		return binaries{}, problem(ErrVersion,
			"The database was made by PostgreSQL %d and this machine has %d (%s): install PostgreSQL %d again (apt-get install postgresql-%d), or convert the folder with pg_upgrade.",
			have, newest.major, newest.dir, have, have)
	}
	if newest.major < oldest {
		return binaries{}, problem(ErrNotInstalled,
			"PostgreSQL %d in %s is too old: Seedbook needs %d or newer (apt-get install postgresql).", newest.major, newest.dir, oldest)
	}
	return newest, nil
}

func notInstalled(binDir string) *Problem {
	if binDir != "" {
		return problem(ErrNotInstalled, "There is no PostgreSQL in %s: name the folder that holds the programs initdb and postgres.", binDir)
	}
	return problem(ErrNotInstalled,
		"PostgreSQL is not installed: run  apt-get install postgresql  (as root, or with sudo), or set DATABASE_URL to use a server elsewhere.")
}

func candidates(binDir string) []binaries {
	var dirs []string
	if binDir != "" {
		dirs = append(dirs, binDir)
	} else {
		if p, err := exec.LookPath("postgres"); err == nil {
			if p, err = filepath.EvalSymlinks(p); err == nil {
				dirs = append(dirs, filepath.Dir(p))
			}
		}
		for _, place := range places {
			more, _ := filepath.Glob(place)
			dirs = append(dirs, more...)
		}
	}
	var found []binaries
	for _, dir := range dirs {
		if major := versionIn(dir); major != 0 {
			found = append(found, binaries{dir, major})
		}
	}
	return found
}

var versionLine = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// versionIn is the major version of the PostgreSQL in a folder, or 0.
func versionIn(dir string) int {
	if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
		return 0
	}
	out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return 0
	}
	m := versionLine.FindSubmatch(out)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(string(m[1]))
	return n
}
