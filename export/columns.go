package export

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// UnknownColumnError says that a table has no column of a name.
type UnknownColumnError struct {
	Name string
	// There are the names that it has.
	There []string
}

func (e *UnknownColumnError) Error() string {
	return fmt.Sprintf("there is no column %q; there are %s", e.Name, strings.Join(e.There, ", "))
}

// Names gives the names of the columns.
func (t Table) Names() []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

// Find gives the place of a column, in upper or lower case; *UnknownColumnError.
func (t Table) Find(name string) (int, error) {
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return strings.EqualFold(c.Name, strings.TrimSpace(name)) })
	if i < 0 {
		return 0, &UnknownColumnError{Name: name, There: t.Names()}
	}
	return i, nil
}

// Choose gives the table with just the columns of these names, in their order;
// *UnknownColumnError.
func (t Table) Choose(names []string) (Table, error) {
	var places []int
	chosen := Table{Name: t.Name}
	for _, name := range names {
		i, err := t.Find(name)
		if err != nil {
			return t, err
		}
		places = append(places, i)
		chosen.Columns = append(chosen.Columns, t.Columns[i])
	}
	chosen.Rows = mapped(t.Rows, func(row []Cell, yield func([]Cell) bool) bool {
		cells := make([]Cell, len(places))
		for i, p := range places {
			cells[i] = row[p]
		}
		return yield(cells)
	})
	return chosen, nil
}

// Explode gives the table with a row for each value of the lists in a column; a row
// whose list is empty stays, with an empty cell. *UnknownColumnError.
func (t Table) Explode(name string) (Table, error) {
	place, err := t.Find(name)
	if err != nil {
		return t, err
	}
	exploded := t
	exploded.Rows = mapped(t.Rows, func(row []Cell, yield func([]Cell) bool) bool {
		items := row[place].Items()
		if len(items) == 0 {
			items = []Cell{{}}
		}
		for _, item := range items {
			cells := slices.Clone(row)
			cells[place] = item
			if !yield(cells) {
				return false
			}
		}
		return true
	})
	return exploded, nil
}

// mapped makes none, one or more rows of each.
func mapped(rows iter.Seq2[[]Cell, error], each func(row []Cell, yield func([]Cell) bool) bool) iter.Seq2[[]Cell, error] {
	return func(yield func([]Cell, error) bool) {
		for row, err := range rows {
			if err != nil {
				yield(nil, err)
				return
			}
			if !each(row, func(cells []Cell) bool { return yield(cells, nil) }) {
				return
			}
		}
	}
}
