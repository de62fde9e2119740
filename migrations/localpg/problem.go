package localpg

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// What can be wrong, for errors.Is. The sentence for the person is the text of
// the *Problem that wraps it.
var (
	ErrNotInstalled = errors.New("PostgreSQL is not installed")
	ErrRunning      = errors.New("the data folder is in use")
	ErrFolder       = errors.New("the data folder cannot be used")
	ErrDamaged      = errors.New("the data folder is damaged")
	ErrVersion      = errors.New("the data folder belongs to another version of PostgreSQL")
	ErrDiskFull     = errors.New("the disk is full")
)

// Problem is what a person can put right. Its text is one sentence, which says
// what is wrong and what to do.
type Problem struct {
	kind error
	text string
}

func problem(kind error, format string, args ...any) *Problem {
	return &Problem{kind, fmt.Sprintf(format, args...)}
}

func (p *Problem) Error() string { return p.text }
func (p *Problem) Unwrap() error { return p.kind }

// explain turns what a PostgreSQL program printed before it gave up into a
// Problem, or says as much as it knows.
func (s *Server) explain(doing, output string, err error) error {
	switch {
	case s.diskFull(output):
		return problem(ErrDiskFull, "The disk that holds %s is full: free some space and start again; nothing that was saved is lost.", s.cfg.Dir)
	case containsAny(output, "could not locate a valid checkpoint record", "invalid checkpoint record", "incorrect checksum in control file",
		"could not find the database system", "database files are incompatible with server", "is not a valid data directory", "invalid magic number", "could not open directory", "PANIC:"):
		return s.damaged(lastWords(output))
	case containsAny(output, "could not create shared memory segment", "Cannot allocate memory", "out of memory"):
		return fmt.Errorf("%s: there is not enough free memory: %s", doing, lastWords(output))
	}
	return fmt.Errorf("%s: %w: %s (its output is in %s)", doing, err, lastWords(output), s.logFile())
}

func (s *Server) damaged(why string) *Problem {
	return problem(ErrDamaged, "The database in %s is damaged (%s): restore the folder from a backup, or move it away to begin with an empty one.", s.data(), why)
}

func (s *Server) diskFull(output string) bool {
	if strings.Contains(output, "No space left on device") || strings.Contains(output, "Disk quota exceeded") {
		return true
	}
	// On a full disk the output itself may not have been written.
	var fs syscall.Statfs_t
	return syscall.Statfs(s.cfg.Dir, &fs) == nil && uint64(fs.Bavail)*uint64(fs.Bsize) < 1<<20
}

func containsAny(s string, parts ...string) bool {
	for _, p := range parts {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

// lastWords is the most telling line of a program's output: its last complaint,
// or its last line.
func lastWords(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		for _, mark := range []string{"PANIC:", "FATAL:", "error:"} {
			if _, text, ok := strings.Cut(lines[i], mark); ok {
				return strings.TrimSpace(text)
			}
		}
	}
	if last := strings.TrimSpace(lines[len(lines)-1]); last != "" {
		return last
	}
	return "it said nothing"
}
