package web

import (
	"errors"
	"sync"
	"testing"
)

func TestWorkOfAKeyGoesOnOnceAtATime(t *testing.T) {
	var w Working[int]
	var busy sync.WaitGroup
	gate, stopped := make(chan bool), errors.New("stopped")
	first := w.Start(&busy, 7, func() error { <-gate; return stopped })
	if w.Start(&busy, 7, func() error { t.Error("it ran twice"); return nil }) != nil {
		t.Error("the same work was begun twice")
	}
	if err := <-w.Start(&busy, 8, func() error { return nil }); err != nil || !w.Running(7) || w.Running(8) {
		t.Errorf("other work: %v; 7 runs %v, 8 runs %v", err, w.Running(7), w.Running(8))
	}
	close(gate)
	if err := <-first; !errors.Is(err, stopped) || w.Running(7) {
		t.Errorf("it ended with %v, and runs: %v", err, w.Running(7))
	}
	busy.Wait()
	if err := <-w.Start(&busy, 7, func() error { return nil }); err != nil {
		t.Errorf("again: %v", err)
	}
}
