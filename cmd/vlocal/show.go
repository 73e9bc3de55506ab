package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"vlocal/domain"
	"vlocal/fields"
	"vlocal/scan"
	"vlocal/store"
)

func showCommand() *cli.Command {
	return &cli.Command{
		Name:      "show",
		Usage:     "show one image: its answer and every attempt, in order",
		ArgsUsage: "PATH|URL|ID",
		Description: `vlocal show ~/Photos/IMG_1234.jpg
vlocal show IMG_1234.jpg            the file name alone, if there is one of that name
vlocal show 17                      the ID that 'vlocal list' prints`,
		Flags: []cli.Flag{taskFlag, jsonFlag},
		Action: reading(func(ctx context.Context, c *cli.Context, s *store.Store) error {
			if c.Args().Len() != 1 {
				return usagef("show which image? For example: vlocal show IMG_1234.jpg, or an ID that 'vlocal list' prints")
			}
			image, err := findImage(ctx, s, c.Args().First())
			if err != nil {
				return err
			}
			histories, err := s.Histories(ctx, image.ID)
			if err != nil {
				return err
			}
			if name := c.String("task"); name != "" {
				task, err := taskNamed(ctx, s, name)
				if err != nil {
					return err
				}
				histories = slices.DeleteFunc(histories, func(h store.History) bool { return h.Task.ID != task.ID })
			}
			con := consoleOf(c)
			if con.json {
				return con.object(historyObject(image, histories))
			}
			_, err = fmt.Fprint(con.out, historyText(image, histories))
			return err
		}),
	}
}

// findImage takes a path or a URL, the number of an image, or the end of a path.
func findImage(ctx context.Context, s *store.Store, name string) (domain.Image, error) {
	if u, err := scan.URL(name); err == nil {
		image, err := s.ImageByPath(ctx, u)
		if err != nil {
			err = fmt.Errorf("%s: %w", u, err)
		}
		return image, err
	}
	path, err := filepath.Abs(name)
	if err != nil {
		return domain.Image{}, err
	}
	image, err := s.ImageByPath(ctx, path)
	if !errors.Is(err, store.ErrNoImage) {
		return image, err
	}
	if id, numeric := strconv.ParseInt(name, 10, 64); numeric == nil {
		if image, err = s.ImageByID(ctx, id); !errors.Is(err, store.ErrNoImage) {
			return image, err
		}
	}
	image, err = s.ImageByName(ctx, filepath.Clean(name))
	if many, ok := errors.AsType[*store.ManyImagesError](err); ok {
		return image, fmt.Errorf("%w; say which:\n  %s", err, strings.Join(many.Paths, "\n  "))
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return image, err
}

// history writes lines that begin with what they are about.
type history struct{ strings.Builder }

func (b *history) line(name, format string, args ...any) {
	b.WriteString(printable(fmt.Sprintf("%-9s "+format+"\n", append([]any{name}, args...)...)))
}

func historyText(i domain.Image, all []store.History) string {
	var b history
	b.line("image", "%d  %s", i.ID, oneLine(domain.PathText(i.Path)))
	b.line("file", "%s", fileText(i))
	if i.Camera+i.Lens != "" {
		b.line("camera", "%s", oneLine(strings.Trim(i.Camera+", "+i.Lens, ", ")))
	}
	if i.Place.Known {
		b.line("place", "%.6f, %.6f", i.Place.Latitude, i.Place.Longitude)
	}
	if len(all) == 0 {
		b.line("", "not asked about yet; vlocal run asks")
	}
	for _, h := range all {
		b.WriteByte('\n')
		b.task(i, h)
	}
	return b.String()
}

// task tells what is on record about the image under a task.
func (b *history) task(i domain.Image, h store.History) {
	b.line("task", "%s", strings.TrimSpace(h.Task.ShortHash()+"  "+h.Task.Name))
	b.line("question", "%s", oneLine(h.Task.Prompt))
	if h.Task.System != "" {
		b.line("system", "%s", oneLine(h.Task.System))
	}
	b.line("model", "%s", oneLine(h.Result.Model))
	b.line("status", "%s", h.Result.Status)
	if answer := answerText(h.Result.Answer, h.Result.Fields); answer != "" {
		b.line("answer", "%s", indented(answer))
	}
	if mended := strings.TrimPrefix(strings.TrimPrefix(h.Result.Warning, i.Warning), "; "); mended != "" {
		b.line("mended", "%s", oneLine(mended))
	}
	switch other := oneLine(h.Result.AskedInstead); {
	case other == "":
	case h.Result.Status == domain.Skipped:
		b.line("alike", "asked instead: %s", other)
	default:
		b.line("shared", "%s was asked about, which has the same bytes", other)
	}
	if h.Earlier.Model != "" {
		text := "the same"
		if h.Earlier.Text != h.Result.Answer {
			text = indented(cmp.Or(fieldsText(h.Earlier.Fields), h.Earlier.Text))
		}
		b.line("earlier", "%s said: %s", oneLine(h.Earlier.Model), text)
	}
	if h.Result.Error != "" {
		b.line("error", "%s: %s", h.Result.ErrorKind, indented(h.Result.Error))
	}
	for n, a := range h.Attempts {
		b.line(fmt.Sprintf("attempt %d", n+1), "%s", attemptText(a))
		if said := a.Answer.Text; said != "" && said != h.Result.Answer && said != h.Earlier.Text {
			b.line("", "answered: %s", indented(said))
		}
	}
}

// answerText gives the fields of an answer, one a line, or its text.
func answerText(text, object string) string {
	var lines []string
	for _, v := range fields.Values(object) {
		lines = append(lines, oneLine(v.Name)+": "+oneLine(v.Text))
	}
	return cmp.Or(strings.Join(lines, "\n"), text)
}

// fileText tells what is known of a file. The size of one on the web is not on
// record.
func fileText(i domain.Image) string {
	var known []string
	if i.Width > 0 {
		known = append(known, i.Format, fmt.Sprintf("%dx%d", i.Width, i.Height))
	}
	if !domain.IsURL(i.Path) {
		known = append(known, number(i.Size)+" bytes")
	}
	s := strings.Join(known, ", ")
	if s == "" {
		s = "on the web"
	}
	if i.TakenAt != "" {
		s += ", taken " + i.TakenAt
	}
	if i.Warning != "" {
		s += "; " + oneLine(i.Warning)
	}
	return s
}

func attemptText(a domain.Attempt) string {
	s := a.StartedAt.Local().Format("2006-01-02 15:04:05.000") + "  "
	if a.Outcome == "" {
		return s + "under way"
	}
	s += a.Outcome
	if a.HTTPStatus > 0 {
		s += fmt.Sprintf("  HTTP %d", a.HTTPStatus)
	}
	if a.Latency > 0 {
		s += "  " + span(a.Latency)
	}
	if a.Answer.TokensIn+a.Answer.TokensOut > 0 {
		s += fmt.Sprintf("  %s tokens in, %s out", number(a.Answer.TokensIn), number(a.Answer.TokensOut))
	}
	if a.Error != "" {
		s += "\n          " + indented(a.Error)
	}
	return s
}

// indented keeps the lines of a text under the one it starts on.
func indented(s string) string {
	return strings.ReplaceAll(strings.TrimSpace(printable(s)), "\n", "\n          ")
}

func historyObject(i domain.Image, all []store.History) map[string]any {
	tasks := []map[string]any{}
	for _, h := range all {
		attempts := []map[string]any{}
		for _, a := range h.Attempts {
			attempts = append(attempts, map[string]any{
				"started_at": a.StartedAt.UTC(), "ended_at": a.EndedAt.UTC(), "outcome": a.Outcome, "error": a.Error,
				"http_status": a.HTTPStatus, "model": a.Asked.Model, "latency_ms": a.Latency.Milliseconds(), "answer": a.Answer.Text,
				"finish_reason": a.Answer.FinishReason, "tokens_in": a.Answer.TokensIn, "tokens_out": a.Answer.TokensOut,
			})
		}
		tasks = append(tasks, map[string]any{
			"hash": h.Task.Hash(), "task": h.Task.Name, "prompt": h.Task.Prompt, "system": h.Task.System,
			"earlier_answer": h.Earlier.Text, "earlier_model": h.Earlier.Model, "result": resultObject(h.Result), "attempts": attempts,
		})
	}
	return map[string]any{
		"id": i.ID, "path": domain.PathText(i.Path), "bytes": i.Size, "width": i.Width, "height": i.Height,
		"format": i.Format, "orientation": i.Orientation, "taken_at": i.TakenAt, "warning": i.Warning,
		"camera": i.Camera, "lens": i.Lens, "place": placeObject(i.Place), "phash": hashText(i.Hash), "tasks": tasks,
	}
}
