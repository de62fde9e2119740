package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/jmoiron/sqlx"
)

// statements tells what the statements behind a page cost the database, by the
// server's own count of them.
type statements struct {
	ctx context.Context
	db  *sqlx.DB
}

// watchStatements begins to count, on a server that keeps the count.
func watchStatements(ctx context.Context, dsn string) (*statements, error) {
	db, err := sqlx.Open("postgres", dsn)
	if err != nil {
		return nil, err
	}
	if _, err := db.ExecContext(ctx, `CREATE EXTENSION IF NOT EXISTS pg_stat_statements`); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("--statements needs --data: %w", err)
	}
	return &statements{ctx, db}, nil
}

func (s *statements) close() { _ = s.db.Close() }

// begin forgets what was counted before.
func (s *statements) begin() error {
	if s == nil {
		return nil
	}
	_, err := s.db.ExecContext(s.ctx, `SELECT pg_stat_statements_reset()`)
	return err
}

// dearest is how many statements are told of a page.
const dearest = 8

// print tells what a request cost: all its statements, then the dearest.
func (s *statements) print(out io.Writer, requests int) error {
	if s == nil || requests == 0 {
		return nil
	}
	const query = `
		SELECT query, calls, total_plan_time AS plan, total_exec_time AS run, rows
		FROM pg_stat_statements JOIN pg_database d ON d.oid = dbid
		WHERE d.datname = current_database()
		ORDER BY total_plan_time + total_exec_time DESC`
	var all []struct {
		Query string
		Calls int64
		Plan  float64
		Run   float64
		Rows  int64
	}
	if err := s.db.SelectContext(s.ctx, &all, query); err != nil {
		return err
	}
	n := float64(requests)
	var calls, plan, run float64
	for _, r := range all {
		calls, plan, run = calls+float64(r.Calls), plan+r.Plan, run+r.Run
	}
	fmt.Fprintf(out, "    a request: %.1f statements, %.2f ms planned, %.2f ms run\n", calls/n, plan/n, run/n)
	for _, r := range all[:min(dearest, len(all))] {
		fmt.Fprintf(out, "    %5.1f × %7.2f ms planned %8.2f ms run %8.1f rows  %s\n",
			float64(r.Calls)/n, r.Plan/n, r.Run/n, float64(r.Rows)/n, head(r.Query))
	}
	return nil
}

// head is the beginning of a statement, on one line.
func head(query string) string {
	line := strings.Join(strings.Fields(query), " ")
	return line[:min(len(line), 150)]
}
