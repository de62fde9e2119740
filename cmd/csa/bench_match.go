package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"seedbook/service/likeness/trial"
)

func (a *app) benchMatchCommand() *cobra.Command {
	var misses bool
	cmd := &cobra.Command{
		Use:   "match FILE...",
		Short: "Measure how well records of one child are found in lists whose answer is known",
		Long: `Measure how well records of one child are found in lists whose answer is known,
such as fixtures/linkage/febrl1.csv. Id numbers are not read. A list is CSV with a
heading: names, birth date, address, telephone and guardian as far as it has them, and
the answer in true_child or cluster, or in a rec_id such as rec-7-dup-0. Several
files are one list.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.benchMatch(args, misses) },
	}
	cmd.Flags().BoolVar(&misses, "wrong", false, "list the pairs that are proposed and wrong, by the list's own names of records")
	return cmd
}

func (a *app) benchMatch(files []string, wrong bool) error {
	var records []trial.Record
	for _, path := range files {
		part, err := readList(path)
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
		records = append(records, part...)
	}
	began := time.Now()
	r := trial.Run(records)
	took := time.Since(began)
	if r.True == 0 {
		return errors.New("no two records of these lists are about one child: nothing can be measured")
	}
	a.printf("records %d, pairs of one child %d\n", r.Records, r.True)
	a.printf("compared %d pairs, among them %d of the true ones\n", r.Compared, r.Reachable)
	a.printf("proposed %d, right %d, wrong %d\n", len(r.Proposed), r.Hits, len(r.Proposed)-r.Hits)
	a.printf("certain  %d, right %d, wrong %d\n", r.Certain, r.CertainOK, r.Certain-r.CertainOK)
	a.printf("recall %s, precision %s, %.2f seconds, %.0f records a second\n", thousandths(r.Recall()), thousandths(r.Precision()),
		took.Seconds(), float64(r.Records)/took.Seconds())
	if wrong {
		for _, p := range r.Proposed {
			if x, y := records[p.A], records[p.B]; x.Child != y.Child {
				a.printf("wrong: %s and %s, score %d\n", x.ID, y.ID, p.Score)
			}
		}
	}
	return nil
}

// thousandths writes a share as statisticians do: 0.934.
func thousandths(n int) string { return fmt.Sprintf("%d.%03d", n/1000, n%1000) }

func readList(path string) ([]trial.Record, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return trial.Read(f)
}
