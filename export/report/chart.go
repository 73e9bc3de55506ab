package report

// measured is a value to draw, and how it is written.
type measured struct {
	Label string
	Value float64
	Text  string
}

// chart is horizontal bars, in the units of its own view box.
type chart struct {
	Title         string
	Width, Height int
	Bars          []bar
}

// bar is one of them. Y is its upper edge, Middle where its texts stand, Length from
// LabelWidth on, End where its value is written.
type bar struct {
	Label, Text        string
	Y, Middle          int
	Length, End, Start int
}

// The measures of a chart. The longest bar leaves room for its value.
const (
	chartWidth = 480
	labelWidth = 130
	barRoom    = chartWidth - labelWidth - 80
	barHeight  = 16
	barStep    = 24
	maxBars    = 12
	maxLabel   = 20 // letters
)

// bars draws values, the longest bar for the largest; at most maxBars of them.
func bars(title string, values []measured) chart {
	values = values[:min(len(values), maxBars)]
	most := 0.0
	for _, v := range values {
		most = max(most, v.Value)
	}
	c := chart{Title: title, Width: chartWidth, Height: len(values)*barStep + 4}
	for i, v := range values {
		length := 0
		if most > 0 {
			length = int(v.Value / most * barRoom)
		}
		if v.Value > 0 {
			length = max(length, 1)
		}
		c.Bars = append(c.Bars, bar{
			Label: shortened(v.Label), Text: v.Text, Start: labelWidth,
			Y: i*barStep + 4, Middle: i*barStep + 4 + barHeight/2, Length: length, End: labelWidth + length + 6,
		})
	}
	return c
}

func shortened(s string) string {
	letters := []rune(s)
	if len(letters) <= maxLabel {
		return s
	}
	return string(letters[:maxLabel-1]) + "…"
}
