package main

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"
)

// visitor is a browser of somebody who is signed in.
type visitor struct {
	base string
	http *http.Client
}

func queryEscape(s string) string { return url.QueryEscape(s) }

// newVisitor signs somebody in with a one-time link.
func newVisitor(base, token string) (*visitor, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	v := &visitor{base, &http.Client{Jar: jar, CheckRedirect: stay, Timeout: time.Minute,
		Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 2}}}
	r, err := http.NewRequest(http.MethodPost, base+"/sign-in/link", strings.NewReader(url.Values{"token": {token}}.Encode()))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	resp, err := v.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther {
		return nil, fmt.Errorf("signing in: status %d", resp.StatusCode)
	}
	return v, nil
}

// counted counts what passes.
type counted struct {
	io.Reader
	n int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += n
	return n, err
}

// ask reads the nth address of a page as a browser does, and returns how many
// bytes travelled. An answer that is no page is an error: a page that is refused
// quickly would look like a fast one.
func (v *visitor) ask(page benchPageOf, n int) (int, error) {
	path := page.paths[n%len(page.paths)]
	r, err := http.NewRequest(http.MethodGet, v.base+path, nil)
	if err != nil {
		return 0, err
	}
	r.Header.Set("Accept-Encoding", "gzip")
	resp, err := v.http.Do(r)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	wire := &counted{Reader: resp.Body}
	body := io.Reader(wire)
	if resp.Header.Get("Content-Encoding") == "gzip" {
		if body, err = gzip.NewReader(wire); err != nil {
			return 0, err
		}
	}
	text, err := io.ReadAll(body)
	switch {
	case err != nil:
		return 0, err
	case resp.StatusCode != http.StatusOK:
		return 0, fmt.Errorf("%s answered %d", path, resp.StatusCode)
	case !strings.Contains(string(text), page.says):
		return 0, fmt.Errorf("%s does not say %s", path, page.says)
	}
	return wire.n, nil
}
