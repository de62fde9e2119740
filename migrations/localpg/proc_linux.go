package localpg

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// childAttr puts a child in a process group of its own, so that Ctrl-C at the
// terminal reaches the program and not PostgreSQL, and has the kernel shut
// PostgreSQL down should the program be killed.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGINT}
}

// runsIn reports whether a process works in a folder, as a PostgreSQL server
// does in its data folder.
func runsIn(pid int, dir string) bool {
	if pid <= 0 {
		return false
	}
	cwd, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/cwd")
	return err == nil && sameDir(cwd, dir)
}

// children are the processes that a process has started.
func children(pid int) (pids []int) {
	n := strconv.Itoa(pid)
	b, _ := os.ReadFile("/proc/" + n + "/task/" + n + "/children")
	for _, f := range strings.Fields(string(b)) {
		pids = append(pids, atoi(f))
	}
	return pids
}

func sameDir(a, b string) bool {
	ia, errA := os.Stat(a)
	ib, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(ia, ib)
}
