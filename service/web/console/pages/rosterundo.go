package pages

import "seedbook/service/web/parts"

// UndoRoster is what undoing a roster would do.
type UndoRoster struct {
	Post     string // "" where it cannot be asked for
	Reason   string
	Figures  []parts.Figure
	Holdings []CostLine
	Going    []parts.Link // children who take part no more, some of them
	More     int
	Staying  []StayGroup
	Back     string
}

// StayGroup are children whom an undo leaves as they are for one reason.
type StayGroup struct {
	Why      string
	N, More  int
	Children []parts.Link
}
