package bankfile

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// Lines reads a file of text line by line within limits.
type Lines struct {
	No     int // of the line that Next returned last, from 1
	Err    error
	r      *bufio.Reader
	limits Limits
	bytes  int
}

// longest is the longest line of any format that comes in lines.
const longest = 16 << 10

// NewLines begins reading.
func NewLines(r io.Reader, limits Limits) *Lines {
	return &Lines{r: bufio.NewReaderSize(r, longest), limits: limits}
}

// Next returns the next line without its end, or false at the end of the file
// or at an error, which is in Err.
func (l *Lines) Next() (string, bool) {
	if l.Err != nil {
		return "", false
	}
	raw, err := l.r.ReadSlice('\n')
	l.bytes += len(raw)
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		l.Err = Refuse(Problem{Line: l.No + 1, Code: LongLine})
		return "", false
	case err != nil && err != io.EOF:
		l.Err = err
		return "", false
	case len(raw) == 0:
		return "", false
	}
	l.No++
	if l.bytes > l.limits.Bytes || l.No > l.limits.Lines {
		l.Err = TooLarge(l.limits)
		return "", false
	}
	if l.No == 1 {
		raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	}
	return strings.TrimRight(string(raw), "\r\n\x1a"), true
}

// TooLarge is the refusal of what is beyond limits.
func TooLarge(limits Limits) error {
	return ErrTooLarge.With(map[string]any{"limit": limits.Bytes >> 20, "n": limits.Lines})
}

// Slurp reads all of r, or refuses what is too large.
func Slurp(r io.Reader, limits Limits) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, int64(limits.Bytes)+1))
	if err == nil && len(raw) > limits.Bytes {
		err = TooLarge(limits)
	}
	return raw, err
}
