package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"vlocal/domain"
	"vlocal/fields"
	"vlocal/scan"
)

// exampleTexts are the values of --example. They are a flag's value of their own
// because those of cli are cut at commas, of which JSON is full.
type exampleTexts []string

// Set takes one more. The command line is parsed twice, and a second example that
// is the same adds nothing.
func (e *exampleTexts) Set(text string) error {
	if !slices.Contains(*e, text) {
		*e = append(*e, text)
	}
	return nil
}

func (e *exampleTexts) String() string { return strings.Join(*e, ", ") }

func exampleFlag() cli.Flag {
	return &cli.GenericFlag{
		Name: "example", Value: &exampleTexts{},
		Usage: `show the model how to answer first: 'photo.jpg={"title": "..."}' (` + "`FILE=ANSWER`" + `, can be repeated)`,
	}
}

// example is one of a task's examples, as it is on record.
type example struct {
	// Path is absolute.
	Path string `json:"path"`
	// SHA256 is of the file's bytes, in hexadecimal digits.
	SHA256 string `json:"sha256"`
	Answer string `json:"answer"`
}

// examplesOf gives the flags' examples as a task with a schema has them; "" for
// none.
func examplesOf(c *cli.Context, schema string) (string, error) {
	texts, _ := c.Generic("example").(*exampleTexts)
	if texts == nil || len(*texts) == 0 {
		return "", nil
	}
	var all []example
	for _, text := range *texts {
		path, answer, err := cutExample(text)
		if err != nil {
			return "", err
		}
		if path, err = filepath.Abs(path); err != nil {
			return "", err
		}
		sum, err := scan.HashFile(path)
		if err != nil {
			return "", fmt.Errorf("read the example: %w", err)
		}
		e := example{Path: path, SHA256: hex.EncodeToString(sum[:]), Answer: answer}
		if err := fits(e, schema); err != nil {
			return "", err
		}
		all = append(all, e)
	}
	encoded, err := json.Marshal(all)
	return string(encoded), err
}

// cutExample finds the = behind a file's name, which may have one in it too.
func cutExample(text string) (path, answer string, err error) {
	for i := range len(text) {
		if text[i] != '=' || i == 0 {
			continue
		}
		if _, err := os.Stat(text[:i]); err == nil {
			if strings.TrimSpace(text[i+1:]) == "" {
				return "", "", usagef("--example %s: what should the answer be? Write it behind the =", text[:i])
			}
			return text[:i], text[i+1:], nil
		}
	}
	name, _, found := strings.Cut(text, "=")
	if !found {
		return "", "", usagef("--example %q: it takes FILE=ANSWER, such as --example photo.jpg='a red chair'", text)
	}
	return "", "", usagef("--example: there is no file %s", name)
}

// shownOf prepares the examples of a task, as every picture of it is prepared.
func shownOf(ctx context.Context, p pictures, task domain.Task) (all []domain.Shown, err error) {
	if task.Examples == "" {
		return nil, nil
	}
	var examples []example
	if err := json.Unmarshal([]byte(task.Examples), &examples); err != nil {
		return nil, fmt.Errorf("read the examples of the task: %w", err)
	}
	for _, e := range examples {
		if err := fits(e, task.Schema); err != nil {
			return nil, err
		}
		picture, err := p.file(ctx, e.Path)
		sum := picture.Source.SHA256
		switch {
		case err != nil && isGone(e.Path):
			return nil, usagef("the example %s is gone. Put it back, or give other examples with --example, which makes a new task", domain.PathText(e.Path))
		case sum != ([32]byte{}) && hex.EncodeToString(sum[:]) != e.SHA256:
			return nil, usagef("the example %s is not the picture any more that it was. Put that back, or give it again with --example, which makes a new task", domain.PathText(e.Path))
		case err != nil:
			return nil, fmt.Errorf("the example cannot be shown: %w", err)
		}
		all = append(all, domain.Shown{Picture: picture.Picture, Answer: e.Answer})
	}
	return all, nil
}

// fits checks that the answer of an example is one that could be given.
func fits(e example, schema string) error {
	if schema == "" {
		return nil
	}
	compiled, err := fields.Compile(schema)
	if err != nil {
		return err
	}
	if _, err := compiled.Read(e.Answer); err != nil {
		return usagef("the answer of the example %s does not have the fields of the question: %w", domain.PathText(e.Path), err)
	}
	return nil
}

func isGone(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}
