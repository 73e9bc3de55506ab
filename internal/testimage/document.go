package testimage

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"strings"

	xdraw "golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// glyphW and glyphH are the cell of basicfont.Face7x13, in pixels.
const glyphW, glyphH = 7, 13

// text draws one line with its upper left corner at x, y, scale times the size
// of basicfont.
func text(dst draw.Image, x, y, scale int, ink color.Color, line string) {
	mask := image.NewAlpha(image.Rect(0, 0, glyphW*len(line), glyphH))
	d := font.Drawer{Dst: mask, Src: image.Opaque, Face: basicfont.Face7x13, Dot: fixed.P(0, 11)}
	d.DrawString(line)
	big := image.NewAlpha(image.Rect(0, 0, mask.Rect.Dx()*scale, glyphH*scale))
	xdraw.CatmullRom.Scale(big, big.Rect, mask, mask.Rect, xdraw.Src, nil)
	draw.DrawMask(dst, big.Rect.Add(image.Pt(x, y)), image.NewUniform(ink), image.Point{}, big, image.Point{}, draw.Over)
}

func fill(dst draw.Image, x0, y0, x1, y1 int, c color.Color) {
	draw.Draw(dst, image.Rect(x0, y0, x1, y1), image.NewUniform(c), image.Point{}, draw.Src)
}

// receiptLines is what Receipt shows, 28 letters wide.
var receiptLines = []string{
	"    ALPINE CORNER BAKERY",
	"       12 Lake Street",
	"",
	"2024-05-01  12:33   No. 0417",
	"----------------------------",
	"2 x Rye bread          7.80",
	"1 x Apple strudel      4.20",
	"3 x Espresso           7.50",
	"1 x Mineral water      2.10",
	"----------------------------",
	"TOTAL EUR             21.60",
	"Cash                  25.00",
	"Change                 3.40",
	"",
	"  Thank you, come again!",
	"",
}

// ReceiptBarcode is the text of the barcode (Code 39) on Receipt.
const ReceiptBarcode = "20240501-0417"

// Receipt is a till receipt on a wooden desk, w by h pixels, with text and a
// barcode that can be read where it is large enough (about 500 by 700).
func Receipt(w, h int) *image.NRGBA {
	desk := render(w, h, func(u, v float64) tone {
		grain := cloud(u*30, v*2.5, 4, 80)
		return mix(tone{0.24, 0.15, 0.10}, tone{0.42, 0.28, 0.18}, 0.5+grain)
	})
	if w < 1 || h < 1 {
		return desk
	}
	paper := till()
	pw, ph := paper.Rect.Dx(), paper.Rect.Dy()
	// The paper takes nine tenths of the height or of the width.
	scale := min(float64(h)*0.92/float64(ph), float64(w)*0.9/float64(pw))
	sw, sh := int(float64(pw)*scale), int(float64(ph)*scale)
	at := image.Pt((w-sw)/2, (h-sh)/2)
	shadow := max(h/90, 1)
	draw.Draw(desk, image.Rect(0, 0, sw, sh).Add(at).Add(image.Pt(shadow, shadow)),
		image.NewUniform(color.NRGBA{0, 0, 0, 110}), image.Point{}, draw.Over)
	xdraw.CatmullRom.Scale(desk, image.Rect(0, 0, sw, sh).Add(at), paper, paper.Rect, xdraw.Src, nil)
	return desk
}

// till prints the receipt's paper at a fixed size.
func till() *image.NRGBA {
	const scale, margin, bar = 3, 40, 3
	line := glyphH*scale + 4
	w := 28*glyphW*scale + 2*margin
	h := len(receiptLines)*line + 2*margin + 150
	paper := render(w, h, func(u, v float64) tone {
		return tone{0.96, 0.95, 0.91}.times(0.98 + 0.03*cloud(u*3, v*3, 4, 81) - 0.05*v)
	})
	ink := color.NRGBA{42, 42, 52, 255}
	for i, s := range receiptLines {
		text(paper, margin, margin+i*line, scale, ink, s)
	}
	top := margin + len(receiptLines)*line
	widths := code39(ReceiptBarcode)
	total := 0
	for _, n := range widths {
		total += n * bar
	}
	x := (w - total) / 2
	for i, n := range widths {
		if i%2 == 0 {
			fill(paper, x, top, x+n*bar, top+100, ink)
		}
		x += n * bar
	}
	text(paper, (w-len(ReceiptBarcode)*glyphW*2)/2, top+108, 2, ink, ReceiptBarcode)
	return paper
}

// code39 gives the widths of a barcode's bars and gaps in turn, in modules: 1
// for a narrow one, 2 for a wide one (ISO/IEC 16388). It knows digits and the
// dash, and leaves out all else.
func code39(s string) []int {
	wide := map[rune]string{
		'0': "000110100", '1': "100100001", '2': "001100001", '3': "101100000",
		'4': "000110001", '5': "100110000", '6': "001110000", '7': "000100101",
		'8': "100100100", '9': "001100100", '-': "010000101", '*': "010010100",
	}
	var out []int
	for _, c := range "*" + strings.Trim(s, "*") + "*" {
		for _, w := range wide[c] {
			out = append(out, 1+int(w-'0'))
		}
		out = append(out, 1) // the gap between letters
	}
	return out[:len(out)-1]
}

// Chart is a bar chart with a title, axes and a line, w by h pixels, as a
// screenshot of an office program shows it.
func Chart(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, max(w, 0), max(h, 0)))
	draw.Draw(img, img.Rect, image.White, image.Point{}, draw.Src)
	scale := max(h/300, 1)
	ink, faint := color.NRGBA{60, 64, 72, 255}, color.NRGBA{222, 225, 230, 255}
	left, right, top, bottom := w/10+10, w-w/20, h/6, h-h/8
	text(img, left, h/24, scale*3/2+1, ink, "Visitors a month")
	for i := range 6 {
		y := bottom - i*(bottom-top)/5
		fill(img, left, y, right, y+max(scale/2, 1), faint)
		text(img, left-5*glyphW*scale, y-glyphH*scale/2, scale, ink, fmt.Sprintf("%4d", i*200))
	}
	months := []string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug"}
	values := []int{310, 280, 420, 560, 710, 880, 960, 830}
	pitch := (right - left) / len(months)
	for i, v := range values {
		x := left + i*pitch + pitch/6
		blue := color.NRGBA{uint8(66 + 6*i), uint8(120 + 5*i), 190, 255}
		fill(img, x, bottom-v*(bottom-top)/1000, x+pitch*2/3, bottom, blue)
		text(img, x+pitch/3-3*glyphW*scale/2, bottom+h/50, scale, ink, months[i])
	}
	trend(img, values, left, bottom, pitch, bottom-top, scale)
	fill(img, left, bottom, right, bottom+scale, ink)
	fill(img, left, top, left+scale, bottom, ink)
	return img
}

// trend draws last year's figures as a line of dots over the bars.
func trend(img draw.Image, values []int, left, bottom, pitch, height, scale int) {
	orange := color.NRGBA{226, 112, 40, 255}
	for i := range len(values) - 1 {
		from, to := values[i]*8/10+40, values[i+1]*8/10+40
		for x := range pitch {
			y := bottom - (from+(to-from)*x/pitch)*height/1000
			at := left + i*pitch + pitch/2 + x
			fill(img, at, y-scale, at+scale, y+scale, orange)
		}
	}
}
