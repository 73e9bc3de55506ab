package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v2"

	"vlocal/domain"
	"vlocal/fields"
)

// The flags that say what the answer is to consist of.
const (
	fieldsFlag = "fields"
	schemaFlag = "schema"
)

// fieldFlags say what the columns of the answer are.
func fieldFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name:  fieldsFlag,
			Usage: "have the answer in columns: `FIELDS` such as 'title, price:number, state:one of(new|used)'; types: " + fields.Types,
		},
		&cli.StringFlag{
			Name: schemaFlag, TakesFile: true,
			Usage: "have the answer in columns: those of the JSON Schema in `FILE`",
		},
	}
}

// maxSchemaFile bounds what is read of a schema's file, in bytes: more than any
// schema may have.
const maxSchemaFile = 1 << 20

// schemaOf gives the schema that the flags ask for; kept is what stays where they
// say nothing.
func schemaOf(c *cli.Context, kept string) (string, error) {
	text, path := c.String(fieldsFlag), c.String(schemaFlag)
	switch {
	case c.IsSet(fieldsFlag) && c.IsSet(schemaFlag):
		return "", usagef("--fields and --schema both say what the answer is; give one of them")
	case c.IsSet(fieldsFlag):
		schema, err := fields.Parse(text)
		if err != nil {
			return "", usagef("--fields: %w", err)
		}
		return schema, nil
	case c.IsSet(schemaFlag):
		return readSchema(path)
	}
	return kept, nil
}

// readSchema reads a JSON Schema from a file.
func readSchema(path string) (_ string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("--schema: %w", err)
	}
	defer f.Close() // only read
	data, err := io.ReadAll(io.LimitReader(f, maxSchemaFile))
	if err != nil {
		return "", fmt.Errorf("--schema: %w", err)
	}
	schema, err := fields.FromJSONSchema(data)
	if err != nil {
		return "", usagef("--schema %s: %w", path, err)
	}
	return schema, nil
}

// checkSchema refuses a task whose schema cannot be used before anything is asked:
// the database may come from somebody else.
func checkSchema(task domain.Task) error {
	if task.Schema == "" {
		return nil
	}
	if _, err := fields.Compile(task.Schema); err != nil {
		return errors.Join(usagef("the question's fields cannot be used; ask with other --fields, or another --schema"), err)
	}
	return nil
}

// fieldsText gives an answer's fields on one line, those with something in them.
func fieldsText(answer string) string {
	text := ""
	for _, v := range fields.Values(answer) {
		if v.Text == "" {
			continue
		}
		if text != "" {
			text += ", "
		}
		text += v.Name + ": " + v.Text
	}
	return text
}
