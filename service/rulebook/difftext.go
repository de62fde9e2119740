package rulebook

import (
	"slices"
	"strings"
)

// TextLine is a line of two texts: in both (' '), only in the older ('-') or
// only in the newer ('+').
type TextLine struct {
	Sign rune
	Text string
}

// Bounds of a comparison line by line: beyond them the whole middle is shown as
// replaced. around is how many equal lines stand beside a difference.
const (
	maxDiffLines = 1000
	around       = 2
)

// DiffText compares two texts line by line and leaves out what is the same but
// for a few lines around each difference.
func DiffText(before, after string) []TextLine {
	a, b := strings.Split(before, "\n"), strings.Split(after, "\n")
	var lead, tail []TextLine
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		lead = append(lead, TextLine{' ', a[0]})
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		tail = append(tail, TextLine{' ', a[len(a)-1]})
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	slices.Reverse(tail)
	return near(slices.Concat(lead, middle(a, b), tail))
}

// middle is the shortest way from one text to another, by their longest common
// lines.
func middle(a, b []string) (out []TextLine) {
	if len(a) > maxDiffLines || len(b) > maxDiffLines {
		return append(all('-', a), all('+', b)...)
	}
	common := make([][]int, len(a)+1) // how many lines a[i:] and b[j:] share
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if common[i][j] = max(common[i+1][j], common[i][j+1]); a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			out = append(out, TextLine{' ', a[i]})
			i, j = i+1, j+1
		case common[i+1][j] >= common[i][j+1]:
			out = append(out, TextLine{'-', a[i]})
			i++
		default:
			out = append(out, TextLine{'+', b[j]})
			j++
		}
	}
	return append(append(out, all('-', a[i:])...), all('+', b[j:])...)
}

func all(sign rune, lines []string) []TextLine {
	out := make([]TextLine, len(lines))
	for i, text := range lines {
		out[i] = TextLine{sign, text}
	}
	return out
}

// near keeps the differences and the lines around them.
func near(lines []TextLine) (out []TextLine) {
	for i, l := range lines {
		close := slices.ContainsFunc(lines[max(0, i-around):min(len(lines), i+around+1)], func(x TextLine) bool { return x.Sign != ' ' })
		if close {
			out = append(out, l)
		}
	}
	return out
}
