package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"vlocal/domain"
	"vlocal/export"
	"vlocal/export/xmp"
	"vlocal/fields"
)

// sidecarPlan says where the words of sidecars come from.
type sidecarPlan struct {
	names xmp.Names
	// keywords and caption are places of columns; caption is -1 for none.
	keywords []int
	caption  int
}

// planSidecars reads the flags for a table of results.
func (e *exporter) planSidecars(t export.Table) (p sidecarPlan, err error) {
	p.names, p.caption = xmp.Names(e.c.String("sidecar-names")), -1
	known := false
	for _, n := range xmp.AllNames {
		known = known || n == p.names
	}
	if !known {
		return p, usagef("--sidecar-names takes %s, not %q", words(xmp.AllNames), p.names)
	}
	columns, err := fields.Columns(e.task.Schema)
	if err != nil {
		return p, err
	}
	keywords, err := namesIn(e.c, "keywords")
	if err != nil {
		return p, err
	}
	for _, name := range keywords {
		place, err := t.Find(name)
		if err != nil {
			return p, unknownColumn("keywords", err)
		}
		p.keywords = append(p.keywords, place)
	}
	caption := e.c.String("caption")
	if caption == "" && len(columns) == 0 {
		caption = "answer"
	}
	for _, c := range columns {
		place, err := t.Find(c.Name)
		if err != nil {
			return p, err
		}
		if c.Type == fields.List && keywords == nil {
			p.keywords = append(p.keywords, place)
		}
		if c.Type == fields.Text && caption == "" {
			caption = c.Name
		}
	}
	if caption == "" || caption == "none" {
		return p, nil
	}
	if p.caption, err = t.Find(caption); err != nil {
		return p, unknownColumn("caption", err)
	}
	return p, nil
}

// say takes the words of a sidecar out of a row.
func (p sidecarPlan) say(row []export.Cell) (s xmp.Sidecar) {
	var words []string
	for _, place := range p.keywords {
		for _, item := range row[place].Items() {
			words = append(words, item.String())
		}
	}
	s.Keywords = xmp.Keywords(words)
	if p.caption >= 0 {
		s.Caption = strings.TrimSpace(row[p.caption].String())
	}
	return s
}

// sidecars writes what is answered beside the photos. One that cannot be written is
// told, and the others are.
func (e *exporter) sidecars(ctx context.Context) error {
	columns, err := fields.Columns(e.task.Schema)
	if err != nil {
		return err
	}
	plan, err := e.planSidecars(export.Results(columns, nil))
	if err != nil {
		return err
	}
	if e.filter.Status == "" {
		e.filter.Status = domain.Done
	}
	var image int64
	rows := func(yield func(domain.Result, error) bool) {
		for r, err := range e.store.List(ctx, e.task.ID, e.filter) {
			image = r.ImageID
			if !yield(r, err) {
				return
			}
		}
	}
	written, unchanged, failed := 0, 0, 0
	taken := map[string]bool{}
	for row, err := range export.Results(columns, rows).Rows {
		if err != nil {
			return err
		}
		say := plan.say(row)
		if domain.IsURL(row[0].Text) || say.Caption == "" && len(say.Keywords) == 0 {
			continue // nowhere, or nothing, to say
		}
		outcome, err := e.sidecar(ctx, plan, image, say, taken)
		switch {
		case err != nil:
			failed++
			fmt.Fprintln(e.con.err, "vlocal:", printable(err.Error()))
		case outcome == xmp.Unchanged:
			unchanged++
		default:
			written++
		}
	}
	e.con.remark("%s written, %s as they were", count(written, "sidecar"), number(unchanged))
	if failed > 0 {
		fmt.Fprintf(e.con.err, "vlocal: %s not written\n", count(failed, "sidecar"))
		return errTold
	}
	return nil
}

// sidecar writes one, beside the image with a number.
func (e *exporter) sidecar(ctx context.Context, plan sidecarPlan, image int64, say xmp.Sidecar, taken map[string]bool) (xmp.Outcome, error) {
	found, err := e.store.ImageByID(ctx, image)
	if err != nil {
		return 0, err
	}
	path := plan.names.Path(found.Path)
	if taken[path] {
		return 0, fmt.Errorf("%s: the sidecar of %s is called the same; use --sidecar-names digikam", path, domain.PathText(found.Path))
	}
	taken[path] = true
	if _, err := os.Lstat(found.Path); err != nil {
		return 0, fmt.Errorf("%s: the photo is not there: %w", domain.PathText(found.Path), errors.Unwrap(err))
	}
	return xmp.Write(path, say)
}
