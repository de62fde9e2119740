//go:build unix && !linux

package localpg

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// childAttr puts a child in a process group of its own, so that Ctrl-C at the
// terminal reaches the program and not PostgreSQL. Only Linux can also tie its
// life to the program's; elsewhere the next start stops a server left behind.
func childAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// runsIn reports whether a process is a PostgreSQL server of a folder.
func runsIn(pid int, dir string) bool {
	if pid <= 0 {
		return false
	}
	out, err := exec.Command("ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && strings.Contains(string(out), dir)
}

// children are the processes that a process has started.
func children(pid int) (pids []int) {
	out, _ := exec.Command("pgrep", "-P", strconv.Itoa(pid)).Output()
	for _, f := range strings.Fields(string(out)) {
		pids = append(pids, atoi(f))
	}
	return pids
}
