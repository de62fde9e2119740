package console

import "time"

// thing is something of an organization, by its number.
type thing struct {
	tenant int32
	number int64
}

// moment is how long a page waits for work before it shows its progress.
const moment = 2 * time.Second

// within returns the work's error if it ends within a moment, and nil otherwise.
func within(done <-chan error) error {
	select {
	case err := <-done:
		return err
	case <-time.After(moment):
		return nil
	}
}

// logged is work whose error is logged, too, for who does not wait for it.
func (c *Console) logged(what string, number int64, fn func() error) func() error {
	return func() error {
		err := fn()
		if err != nil {
			c.hall.Log().Error(what+" stopped", what, number, "error", err.Error())
		}
		return err
	}
}
