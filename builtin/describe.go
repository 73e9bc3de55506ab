package builtin

import (
	"fmt"
	"image"
	"math"
	"slices"
	"strings"
)

// samples bounds how many pixels are looked at along the longer side: enough for
// light and colours, and independent of the picture's size.
const samples = 160

// describe says in two or three sentences what the measures of a picture tell,
// and what the codes in it say.
func describe(img image.Image) string {
	m := measure(img)
	b := img.Bounds()
	shape := "square"
	switch ratio := float64(b.Dx()) / float64(b.Dy()); {
	case ratio > 2.2:
		shape = "panoramic"
	case ratio > 1.1:
		shape = "landscape-format"
	case ratio < 1/2.2:
		shape = "very tall"
	case ratio < 1/1.1:
		shape = "portrait-format"
	}
	var s strings.Builder
	fmt.Fprintf(&s, "A %s, %s %s of %dx%d pixels, mostly %s.",
		m.light(), shape, m.sort(), b.Dx(), b.Dy(), list(m.colours()))
	fmt.Fprintf(&s, " %s contrast, %s", m.contrast(), m.detail())
	luma := planeOf(img)
	if f := focus(luma); f != "" {
		fmt.Fprintf(&s, ", %s", f)
	}
	if where := m.brightest(); where != "" {
		fmt.Fprintf(&s, "; the brightest part is %s", where)
	}
	s.WriteByte('.')
	s.WriteString(say(codesIn(luma)))
	return s.String()
}

// measures are of the sampled pixels.
type measures struct {
	// mean and spread are of the lightness, 0 to 1.
	mean, spread float64
	// edges is the mean difference of neighbours in lightness.
	edges float64
	// grey is the share of pixels without colour, paper the share that is light
	// besides.
	grey, paper float64
	// names counts pixels by the name of their colour.
	names map[string]int
	// zones is the mean lightness of the nine fields of a 3x3 grid, row by row.
	zones [9]float64
	count int
}

func measure(img image.Image) measures {
	b := img.Bounds()
	step := max(1, (max(b.Dx(), b.Dy())+samples-1)/samples)
	m := measures{names: map[string]int{}}
	var sum, squares, differences float64
	var inZone [9]float64
	above := make([]float64, b.Dx()/step+1)
	for y := b.Min.Y; y < b.Max.Y; y += step {
		left := math.NaN()
		for x := b.Min.X; x < b.Max.X; x += step {
			r, g, bl, _ := img.At(x, y).RGBA()
			c := colourOf(float64(r)/0xffff, float64(g)/0xffff, float64(bl)/0xffff)
			col := (x - b.Min.X) / step
			sum += c.light
			squares += c.light * c.light
			if !math.IsNaN(left) {
				differences += math.Abs(c.light - left)
			}
			if y > b.Min.Y {
				differences += math.Abs(c.light - above[col])
			}
			left, above[col] = c.light, c.light
			zone := 3*((y-b.Min.Y)*3/b.Dy()) + (x-b.Min.X)*3/b.Dx()
			m.zones[zone] += c.light
			inZone[zone]++
			m.add(c)
		}
	}
	n := float64(m.count)
	m.mean = sum / n
	m.spread = math.Sqrt(max(squares/n-m.mean*m.mean, 0))
	m.edges = differences / (2 * n)
	m.paper, m.grey = m.paper/n, m.grey/n
	for i := range m.zones {
		if inZone[i] > 0 {
			m.zones[i] /= inZone[i]
		}
	}
	return m
}

func (m *measures) add(c colour) {
	m.count++
	m.names[c.name()]++
	if c.chroma < 0.03 {
		m.grey++
		if c.light > 0.85 {
			m.paper++
		}
	}
}

func (m *measures) light() string {
	switch {
	case m.mean < 0.25:
		return "very dark"
	case m.mean < 0.45:
		return "dark"
	case m.mean < 0.7:
		return "medium-bright"
	case m.mean < 0.88:
		return "bright"
	}
	return "very bright"
}

func (m *measures) contrast() string {
	switch {
	case m.spread < 0.08:
		return "Low"
	case m.spread < 0.2:
		return "Medium"
	}
	return "High"
}

func (m *measures) detail() string {
	switch {
	case m.edges < 0.005:
		return "hardly any detail"
	case m.edges < 0.03:
		return "mostly smooth surfaces"
	case m.edges < 0.07:
		return "a fair amount of detail"
	}
	return "a lot of fine detail"
}

// sort guesses what kind of picture it is.
func (m *measures) sort() string {
	switch {
	case len(m.names) == 1 && m.spread < 0.01:
		return "plain surface"
	case m.paper > 0.5 && m.edges > 0.01:
		return "document, drawing or screenshot on a light ground"
	case m.grey > 0.98:
		return "black-and-white picture"
	}
	return "picture"
}

// colours gives the names of the most frequent colours: at most three, each at
// least an eighth of the picture.
func (m *measures) colours() []string {
	var names []string
	for name := range m.names {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if d := m.names[b] - m.names[a]; d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	for i, name := range names {
		if i > 0 && (i == 3 || m.names[name]*8 < m.count) {
			return names[:i]
		}
	}
	return names
}

// brightest says where the picture is lightest; "" if that is nowhere in
// particular.
func (m *measures) brightest() string {
	best := 0
	for i, z := range m.zones {
		if z > m.zones[best] {
			best = i
		}
	}
	if m.zones[best] < m.mean+0.12 {
		return ""
	}
	return [9]string{
		"at the top left", "at the top", "at the top right",
		"on the left", "in the middle", "on the right",
		"at the bottom left", "at the bottom", "at the bottom right",
	}[best]
}

func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
