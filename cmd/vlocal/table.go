package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"
)

// leastCell is how narrow a column is made at the most to fit into a terminal, in
// cells.
const leastCell = 8

// pathHead is the header of columns whose texts matter most at their end.
const pathHead = "PATH"

// table prints rows in columns, each as wide as its widest cell. In a terminal the
// widest are cut until a row fits on a line.
func (c console) table(header []string, rows [][]string) error {
	_, err := fmt.Fprint(c.out, tableText(header, rows, c.width()))
	return err
}

// tableText gives a table that is width cells wide, 0 for as wide as it likes.
func tableText(header []string, rows [][]string, width int) string {
	rows = append([][]string{header}, rows...)
	widths := make([]int, len(header))
	for _, row := range rows {
		for i, cell := range row {
			row[i] = oneLine(cell)
			widths[i] = max(widths[i], runewidth.StringWidth(row[i]))
		}
	}
	if width > 0 {
		narrow(widths, width)
	}
	var b strings.Builder
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			if i > 0 {
				line.WriteString("  ")
			}
			line.WriteString(runewidth.FillRight(cut(cell, widths[i], header[i] == pathHead), widths[i]))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}

// narrow takes from the widest columns what is more than fits.
func narrow(widths []int, width int) {
	excess := 2 * (len(widths) - 1) // the gaps
	for _, w := range widths {
		excess += w
	}
	for excess -= width; excess > 0; excess-- {
		widest := slices.Index(widths, slices.Max(widths))
		if widths[widest] <= leastCell {
			return
		}
		widths[widest]--
	}
}

// cut shortens a text to a width, at its end or at its begin.
func cut(text string, width int, begin bool) string {
	over := runewidth.StringWidth(text) - width
	switch {
	case over <= 0:
		return text
	case begin:
		return runewidth.TruncateLeft(text, over+1, "…")
	}
	return runewidth.Truncate(text, width, "…")
}
