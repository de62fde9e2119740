package tabular

import (
	"archive/zip"
	"errors"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"seedbook/service/fault"
)

// Reasons to refuse a zip before anything in it is read.
var (
	// ErrZip reports a zip that is damaged.
	ErrZip = fault.New(fault.Invalid, "tabular.zip_damaged")
	// ErrZipEncrypted reports a zip with a password.
	ErrZipEncrypted = fault.New(fault.Invalid, "tabular.zip_encrypted")
	// ErrZipNested reports an archive in the zip; argument file.
	ErrZipNested = fault.New(fault.Invalid, "tabular.zip_nested")
	// ErrZipName reports a name that points outside the zip, or a link.
	ErrZipName = fault.New(fault.Invalid, "tabular.zip_name")
	// ErrZipTwice reports two files of one name; argument file.
	ErrZipTwice = fault.New(fault.Invalid, "tabular.zip_twice")
	// ErrZipEntries reports more than maxEntries files; argument limit.
	ErrZipEntries = fault.New(fault.TooLarge, "tabular.zip_entries")
	// ErrZipLarge reports files too large once unpacked; arguments file, limit.
	ErrZipLarge = fault.New(fault.TooLarge, "tabular.zip_large")
	// ErrZipRatio reports a file that unpacks to over 100 times its size, as
	// only bombs do; argument file.
	ErrZipRatio = fault.New(fault.TooLarge, "tabular.zip_ratio")
)

// What a zip may unpack to (reliability.md, T-33). Tables pack about 10:1.
// Only the ones that are needed are ever unpacked, one at a time.
const (
	maxEntries = 1000
	maxEntry   = MaxEntry
	maxTotal   = 256 << 20
	maxRatio   = 100
	smallEntry = 64 << 10 // a file of a few rows may pack very well
)

// MaxEntry is the most bytes that one table of a zip unpacks to.
const MaxEntry = 64 << 20

// Archive is a zip that has passed its checks, its tables by lower-case name
// without folder.
type Archive struct {
	entries map[string]*zip.File
	parts   map[string]*zip.File // of a workbook, by full name in lower case
	total   uint64
}

// IsArchive reports text that begins as a zip does.
func IsArchive(text string) bool {
	return strings.HasPrefix(text, "PK\x03\x04") || strings.HasPrefix(text, "PK\x05\x06")
}

// OpenArchive checks a zip by its directory before anything in it is unpacked.
func OpenArchive(text string) (*Archive, error) {
	// Counted before the directory is built in memory: its own count may lie.
	if strings.Count(text, "PK\x01\x02") > maxEntries {
		return nil, ErrZipEntries.With(map[string]any{"limit": maxEntries})
	}
	z, err := zip.NewReader(strings.NewReader(text), int64(len(text)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, fault.Because(ErrZip, err)
	}
	a := &Archive{entries: make(map[string]*zip.File), parts: make(map[string]*zip.File)}
	for _, f := range z.File {
		if err := a.add(f); err != nil {
			return nil, err
		}
		if a.total += f.UncompressedSize64; a.total > maxTotal {
			return nil, tooLarge("", maxTotal)
		}
	}
	return a, nil
}

// add checks one entry of the directory and keeps it if it is a table.
func (a *Archive) add(f *zip.File) error {
	file := Shown(f.Name)
	switch {
	case !safeName(f.Name) || f.Mode()&fs.ModeSymlink != 0:
		return ErrZipName
	case strings.HasSuffix(f.Name, "/"), isLitter(f.Name):
		return nil
	case f.Flags&1 != 0:
		return ErrZipEncrypted
	case f.UncompressedSize64 > maxEntry:
		return tooLarge(file, maxEntry)
	case f.UncompressedSize64 > smallEntry && f.UncompressedSize64/maxRatio > f.CompressedSize64:
		return ErrZipRatio.With(map[string]any{"file": file})
	}
	name := strings.ToLower(path.Base(f.Name))
	switch path.Ext(name) {
	case ".zip", ".gz", ".7z", ".rar", ".tar", ".tgz", ".bz2", ".xz":
		return ErrZipNested.With(map[string]any{"file": file})
	case ".csv", ".xlsx":
	default:
		a.parts[strings.ToLower(f.Name)] = f
		return nil
	}
	if _, twice := a.entries[name]; twice {
		return ErrZipTwice.With(map[string]any{"file": file})
	}
	a.entries[name] = f
	return nil
}

func tooLarge(file string, bytes int) error {
	return ErrZipLarge.With(map[string]any{"file": file, "limit": bytes >> 20})
}

// safeName refuses names that point outside: we write nothing to a disk, but
// whoever packed such a zip meant harm.
func safeName(name string) bool {
	if name == "" || len(name) > 512 || strings.ContainsAny(name, "\\:\x00") || name[0] == '/' {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return false
		}
	}
	return true
}

// isLitter reports what a Mac puts into every zip.
func isLitter(name string) bool {
	return strings.HasPrefix(name, "__MACOSX/") || strings.HasPrefix(path.Base(name), "._")
}

// Has reports a table by its name, whatever its case and folder.
func (a *Archive) Has(name string) bool { return a.entries[strings.ToLower(name)] != nil }

// Tables are the names of all tables.
func (a *Archive) Tables() []string { return slices.Sorted(maps.Keys(a.entries)) }

// Called is a table's name as its packer wrote it, without folder.
func (a *Archive) Called(name string) string { return Shown(a.entries[strings.ToLower(name)].Name) }

// Unpack returns the text of a table. Package zip stops where the directory
// said that the table ends, so the checks of add hold while unpacking too.
func (a *Archive) Unpack(name string) (string, error) {
	f := a.entries[strings.ToLower(name)]
	r, err := f.Open()
	if err != nil {
		return "", fault.Because(ErrZip, err)
	}
	defer r.Close()
	var b strings.Builder
	b.Grow(int(f.UncompressedSize64))
	if _, err := io.Copy(&b, r); err != nil {
		return "", fault.Because(ErrZip, err)
	}
	if IsArchive(b.String()) && path.Ext(strings.ToLower(f.Name)) != ".xlsx" {
		return "", ErrZipNested.With(map[string]any{"file": Shown(f.Name)})
	}
	return b.String(), nil
}

// base is the last part of a path, whichever way its slashes lean.
func base(name string) string { return name[strings.LastIndexAny(name, `/\`)+1:] }

// Shown is a name from outside as it may be shown.
func Shown(name string) string {
	name = strings.ToValidUTF8(base(name), "�")
	if r := []rune(name); len(r) > 80 {
		return string(r[:79]) + "…"
	}
	return name
}
