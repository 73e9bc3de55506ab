package scale

// turning says how a stored picture is turned upright: which of its sides are
// read backwards, and then whether its rows become columns.
type turning struct{ backX, backY, swap bool }

// turnings are by EXIF orientation (Exif 2.32, CIPA DC-008: Orientation).
var turnings = map[int]turning{
	2: {backX: true},
	3: {backX: true, backY: true},
	4: {backY: true},
	5: {swap: true},
	6: {backY: true, swap: true},
	7: {backX: true, backY: true, swap: true},
	8: {backX: true, swap: true},
}

// size gives the size of what is w by h once it is turned.
func (t turning) size(w, h int) (int, int) {
	if t.swap {
		return h, w
	}
	return w, h
}

// turned writes src into dst, which has the size of it turned.
func (t turning) turned(dst, src plane) {
	start, stepX, stepY := 0, 1, src.stride
	if t.backX {
		start, stepX = src.w-1, -1
	}
	if t.backY {
		start, stepY = start+(src.h-1)*src.stride, -src.stride
	}
	if t.swap {
		stepX, stepY = stepY, stepX
	}
	for y := range dst.h {
		at := start + y*stepY
		row := dst.pix[y*dst.stride:][:dst.w]
		for x := range row {
			row[x] = src.pix[at]
			at += stepX
		}
	}
}
