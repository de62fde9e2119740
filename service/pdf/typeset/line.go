package typeset

// Line is one line of a text: the glyphs from Start to End.
type Line struct {
	Start, End int
	// Width is how much the line shows, without the spaces that hang over its
	// end; Hang is the width of those.
	Width, Hang int
}

// Break divides the text into lines of at most the given width, where Unicode
// allows a break (UAX #14), and within a word only when it is wider than a
// line. The lines are appended to lines. There is at least one, and the glyphs
// of all lines together are those of the text.
func (s *Setter) Break(lines []Line, t *Text, width int) []Line {
	if one := t.line(0, len(t.Glyphs)); one.Width <= width && !t.hasNewline() {
		return append(lines, one)
	}
	b := breaker{text: t, width: width}
	for s.breaksOf(t); b.start < len(t.Glyphs); {
		end := b.next(s.after)
		lines = append(lines, t.line(b.start, end))
		b.start = end
	}
	return lines
}

func (t *Text) hasNewline() bool {
	for i := range t.Glyphs {
		if t.Glyphs[i].Flags&Newline != 0 {
			return true
		}
	}
	return false
}

func (t *Text) line(start, end int) Line {
	l := Line{Start: start, End: end}
	for i := start; i < end; i++ {
		g := &t.Glyphs[i]
		if g.Flags&Space != 0 {
			l.Hang += int(g.Advance)
			continue
		}
		l.Width += l.Hang + int(g.Advance)
		l.Hang = 0
	}
	return l
}

// breaksOf notes the byte offsets after which a line may end.
func (s *Setter) breaksOf(t *Text) {
	s.after = s.after[:0]
	if s.breaks.InitWithString(t.Source) != nil {
		return // not UTF-8, which Clean has made impossible: break anywhere
	}
	for it := s.breaks.LineIterator(); it.Next(); {
		l := it.Line()
		s.after = append(s.after, uint32(l.OffsetInBytes+l.LengthInBytes))
	}
}

// breaker finds one line after another.
type breaker struct {
	text  *Text
	width int
	start int
	known int // breaks before this index lie before start
}

// next returns the end of the line that begins at start.
func (b *breaker) next(breaks []uint32) int {
	good, room := 0, b.start+1
	wide := 0
	for i := b.start; i < len(b.text.Glyphs); i++ {
		g := &b.text.Glyphs[i]
		wide += int(g.Advance)
		if g.Flags&Newline != 0 {
			return i + 1
		}
		// Spaces hang over the end, so they never make a line too long.
		if wide > b.width && g.Flags&Space == 0 && g.Advance != 0 {
			return b.choose(good, room)
		}
		if i+1 < len(b.text.Glyphs) && b.text.Glyphs[i+1].Flags&Attached == 0 {
			room = i + 1
		}
		for b.known < len(breaks) && breaks[b.known] < g.End {
			b.known++
		}
		if b.known < len(breaks) && breaks[b.known] == g.End && room == i+1 {
			good = i + 1
		}
	}
	return len(b.text.Glyphs)
}

func (b *breaker) choose(good, room int) int {
	if good > b.start {
		return good
	}
	// The first glyph stands on the line even when it is too wide, with all
	// that is attached to it.
	for room < len(b.text.Glyphs) && b.text.Glyphs[room].Flags&Attached != 0 {
		room++
	}
	return room
}

// placed is a run of a line while it is put in order.
type placed struct {
	start, end int
	level      int8
}

// Place appends the pen position of each glyph of a line, from the left edge of
// what the line shows, in the order of the glyphs. Spaces that hang may lie
// left of that edge.
func (s *Setter) Place(at []int, t *Text, l Line) []int {
	if t.runs == nil {
		x := 0
		for i := l.Start; i < l.End; i++ {
			at = append(at, x)
			x += int(t.Glyphs[i].Advance)
		}
		return at
	}
	first := len(at)
	at = append(at, make([]int, l.End-l.Start)...)
	x := 0
	if t.RightToLeft {
		x = -l.Hang
	}
	for _, r := range s.visual(t, l) {
		x = r.place(at[first+r.start-l.Start:], t, x)
	}
	return at
}

// place sets the positions of one run that starts at x and returns its end.
func (r placed) place(at []int, t *Text, x int) int {
	if r.level%2 == 0 {
		for i := r.start; i < r.end; i++ {
			at[i-r.start] = x
			x += int(t.Glyphs[i].Advance)
		}
		return x
	}
	for i := r.end - 1; i >= r.start; i-- {
		at[i-r.start] = x
		x += int(t.Glyphs[i].Advance)
	}
	return x
}

// visual returns the runs of a line from left to right: UAX #9, rules L1 (the
// spaces at the end of a line have the level of the paragraph) and L2.
func (s *Setter) visual(t *Text, l Line) []placed {
	base := int8(0)
	if t.RightToLeft {
		base = 1
	}
	end := l.End
	for end > l.Start && t.Glyphs[end-1].Flags&Space != 0 {
		end--
	}
	runs, start := s.order[:0], l.Start
	for _, r := range t.runs {
		if stop := min(r.end, end); stop > start {
			runs = append(runs, placed{start, stop, r.level})
			start = stop
		}
	}
	if end < l.End {
		runs = append(runs, placed{end, l.End, base})
	}
	s.order = runs
	reorder(runs)
	return runs
}

func reorder(runs []placed) {
	top := int8(0)
	for _, r := range runs {
		top = max(top, r.level)
	}
	for level := top; level > 0; level-- {
		for i := 0; i < len(runs); i++ {
			j := i
			for j < len(runs) && runs[j].level >= level {
				j++
			}
			for a, z := i, j-1; a < z; a, z = a+1, z-1 {
				runs[a], runs[z] = runs[z], runs[a]
			}
			i = max(i, j)
		}
	}
}
