// Command csa runs children's savings account programs: it serves the console,
// does the work of every room from the command line, and keeps the clock.
//
// This package reads the settings, wires the rooms together and turns errors
// into exit codes and sentences. It decides nothing about money.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.LookupEnv, streams{os.Stdin, os.Stdout, os.Stderr}))
}

// run is main without the process: tests call it with their own settings.
func run(ctx context.Context, args []string, lookup func(string) (string, bool), io streams) int {
	cmd := newRoot(lookup, io)
	cmd.SetArgs(args)
	if err := cmd.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(io.err, "csa: "+sentence(err))
		return 1
	}
	return 0
}
