package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"vlocal/export"
)

// counts is what the charts show, summed up while the rows go by: its size does not
// depend on their number.
type counts struct {
	places map[string]int

	rows                        int
	statuses, kinds             map[string]int
	cost                        map[string]float64 // by model
	priced, tokensIn, tokensOut int64
	latency                     *hdrhistogram.Histogram // in milliseconds
	buckets                     []int
}

// bucketEnds are the bounds of the bars of latency; the last bar has no end.
var bucketEnds = []time.Duration{
	250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second,
	8 * time.Second, 16 * time.Second, 32 * time.Second,
}

func newCounts(t export.Table) *counts {
	c := &counts{
		places: map[string]int{}, statuses: map[string]int{}, kinds: map[string]int{}, cost: map[string]float64{},
		latency: hdrhistogram.New(1, time.Hour.Milliseconds(), 2), buckets: make([]int, len(bucketEnds)+1),
	}
	// The results' own columns: a field never has the name of one.
	for i, column := range t.Columns {
		c.places[column.Name] = i
	}
	return c
}

func (c *counts) add(cells []export.Cell) {
	get := func(name string) export.Cell {
		if i, ok := c.places[name]; ok {
			return cells[i]
		}
		return export.Cell{}
	}
	c.rows++
	c.statuses[get("status").Text]++
	if kind := get("error_kind"); kind.Kind != export.Empty {
		c.kinds[kind.Text]++
	}
	if cost := get("cost_usd"); cost.Kind == export.Decimal {
		c.cost[get("model").Text] += cost.Float()
		c.priced++
	}
	if n := get("tokens_in"); n.Kind == export.Integer {
		c.tokensIn += n.Int()
	}
	if n := get("tokens_out"); n.Kind == export.Integer {
		c.tokensOut += n.Int()
	}
	if ms := get("latency_ms"); ms.Kind == export.Integer {
		_ = c.latency.RecordValue(min(max(ms.Int(), 1), c.latency.HighestTrackableValue())) // it is in bounds
		took := time.Duration(ms.Int()) * time.Millisecond
		place, found := slices.BinarySearch(bucketEnds, took)
		if found {
			place++ // a bar has its beginning, and not its end
		}
		c.buckets[place]++
	}
}

// fact is a number in large letters.
type fact struct{ Name, Value string }

func (c *counts) facts() []fact {
	all := []fact{
		{"images", number(c.rows)},
		{"answered", number(c.statuses["done"])},
		{"failed", number(c.statuses["failed"])},
	}
	if n := c.latency.TotalCount(); n > 0 {
		all = append(all,
			fact{"latency, median", span(c.latency.ValueAtQuantile(50))},
			fact{"latency, 95 % below", span(c.latency.ValueAtQuantile(95))})
	}
	if c.tokensIn > 0 {
		all = append(all, fact{"tokens in, out", number(c.tokensIn) + ", " + number(c.tokensOut)})
	}
	if c.priced > 0 {
		total := 0.0
		for _, cost := range c.cost {
			total += cost
		}
		all = append(all, fact{"cost", dollars(total)})
	}
	return all
}

func (c *counts) charts() []chart {
	var statuses, kinds, latencies, costs []measured
	for _, name := range []string{"done", "failed", "skipped", "running", "pending"} {
		if n := c.statuses[name]; n > 0 {
			statuses = append(statuses, measured{name, float64(n), number(n)})
		}
	}
	for _, name := range byValue(c.kinds) {
		kinds = append(kinds, measured{name, float64(c.kinds[name]), number(c.kinds[name])})
	}
	if c.latency.TotalCount() > 0 {
		for i, n := range c.buckets {
			if sum(c.buckets[:i+1]) == 0 || sum(c.buckets[i:]) == 0 {
				continue // nothing was as fast, or as slow
			}
			latencies = append(latencies, measured{bucketName(i), float64(n), number(n)})
		}
	}
	for _, name := range byValue(c.cost) {
		if c.cost[name] == 0 {
			continue
		}
		costs = append(costs, measured{name, c.cost[name], dollars(c.cost[name])})
	}
	return slices.DeleteFunc([]chart{
		bars("Images by status", statuses), bars("Failures by kind", kinds),
		bars("Latency of the last attempt", latencies), bars("Cost by model", costs),
	}, func(ch chart) bool { return len(ch.Bars) == 0 })
}

func sum(all []int) (n int) {
	for _, v := range all {
		n += v
	}
	return n
}

// byValue gives the keys, that of the largest value first.
func byValue[V int | float64](m map[string]V) []string {
	return slices.SortedFunc(maps.Keys(m), func(a, b string) int { return cmp.Or(cmp.Compare(m[b], m[a]), cmp.Compare(a, b)) })
}

func bucketName(i int) string {
	switch {
	case i == 0:
		return "below " + span(bucketEnds[0].Milliseconds())
	case i == len(bucketEnds):
		return span(bucketEnds[i-1].Milliseconds()) + " and more"
	}
	return span(bucketEnds[i-1].Milliseconds()) + " to " + span(bucketEnds[i].Milliseconds())
}

// span gives milliseconds as people say them.
func span(ms int64) string {
	if ms < 1000 {
		return fmt.Sprintf("%d ms", ms)
	}
	return strconv.FormatFloat(float64(ms)/1000, 'f', -1, 64) + " s"
}

// dollars keeps two digits of what costs next to nothing.
func dollars(f float64) string {
	if f != 0 && f < 0.995 {
		return "$" + strconv.FormatFloat(f, 'f', 4, 64)
	}
	return "$" + strconv.FormatFloat(f, 'f', 2, 64)
}

// number writes n with commas between the thousands.
func number[T int | int64](n T) string {
	s := strconv.FormatInt(int64(n), 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
