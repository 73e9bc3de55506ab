package heif

// readProfile reads what the container says of the colours, and where it is silent,
// what an H.265 stream does. There may be a colr property with a profile and one
// with numbers: the profile counts, and the numbers are for the matrix and the
// levels (ISO/IEC 23000-22, 7.3.6.4; ISO/IEC 14496-12, 12.1.5). What is said of a
// grid goes before what is said of its tiles.
func (p *Picture) readProfile() {
	all := p.c.properties(p.it)
	if p.it.kind == "grid" && len(p.it.of) > 0 {
		all = append(all, p.c.properties(p.c.item(p.it.of[0]))...)
	}
	for _, prop := range all {
		if prop.kind != "colr" || len(prop.body) < 4 {
			continue
		}
		switch kind := string(prop.body[:4]); {
		case (kind == "prof" || kind == "rICC") && p.Profile == nil:
			p.Profile = prop.body[4:]
		case kind == "nclx" && p.Primaries == 0:
			c, _ := told(prop.body)
			p.Primaries, p.Curve = c.primaries, c.curve
		}
	}
	for _, prop := range all {
		if prop.kind == "hvcC" && p.Primaries == 0 {
			if s, ok := sequenceOf(prop.body); ok {
				p.Primaries, p.Curve = s.colour.primaries, s.colour.curve
			}
			return
		}
	}
}
