// Package ssim tells how alike two pictures are to the eye, by the structural
// similarity of Wang, Bovik, Sheikh and Simoncelli, "Image Quality Assessment:
// From Error Visibility to Structural Similarity" (IEEE Transactions on Image
// Processing 13/4, 2004).
//
// It is of grey pictures at the size they have: the paper's index in a window of
// 11 by 11 pixels with Gaussian weights (sigma 1.5), K1 = 0.01, K2 = 0.03 and
// L = 255, and the mean of all windows that lie within the pictures. The paper's
// authors make large pictures smaller first, which hides small differences; this
// does not.
//
// It is for tests and measurements: no part of the program needs it.
package ssim

import (
	"fmt"
	"image"
	"math"
)

const (
	// window is the side of a window, in pixels.
	window = 11
	sigma  = 1.5
	c1     = (0.01 * 255) * (0.01 * 255)
	c2     = (0.03 * 255) * (0.03 * 255)
)

// weights are those of a window's rows, and of its columns; together they are 1.
var weights = func() (w [window]float64) {
	sum := 0.0
	for i := range w {
		x := float64(i - window/2)
		w[i] = math.Exp(-x * x / (2 * sigma * sigma))
		sum += w[i]
	}
	for i := range w {
		w[i] /= sum
	}
	return w
}()

// moments are the weighted means of what two pictures have in a window, or in a
// row or column of one: of a, b, a², b² and ab.
type moments [5]float64

// Mean gives the mean index of two pictures: 1 says that they are the same, 0 that
// nothing in one is to be found in the other. It is an error if they are not of
// the same size, or smaller than a window.
func Mean(a, b *image.Gray) (float64, error) {
	w, h := a.Rect.Dx(), a.Rect.Dy()
	if b.Rect.Dx() != w || b.Rect.Dy() != h {
		return 0, fmt.Errorf("ssim: pictures of %v and %v pixels cannot be compared", a.Rect.Size(), b.Rect.Size())
	}
	if w < window || h < window {
		return 0, fmt.Errorf("ssim: pictures of %v pixels are smaller than a window of %d", a.Rect.Size(), window)
	}
	var kept [window][]moments // the last rows, across which the means are taken already
	for i := range kept {
		kept[i] = make([]moments, w-window+1)
	}
	squares := make([]moments, w)
	sum := 0.0
	for y := range h {
		across(kept[y%window], squares, row(a, y), row(b, y))
		if y >= window-1 {
			sum += down(&kept, y+1)
		}
	}
	return sum / float64((w-window+1)*(h-window+1)), nil
}

// row gives the samples of a row.
func row(p *image.Gray, y int) []byte {
	return p.Pix[p.PixOffset(p.Rect.Min.X, p.Rect.Min.Y+y):][:p.Rect.Dx()]
}

// across writes the means of the windows' parts in one row.
func across(dst, squares []moments, a, b []byte) {
	for x := range squares {
		v, w := float64(a[x]), float64(b[x])
		squares[x] = moments{v, w, v * v, w * w, v * w}
	}
	for x := range dst {
		dst[x] = mean(func(i int) *moments { return &squares[x+i] })
	}
}

// down gives the sum of the indices of a row of windows, whose first row is kept
// at first (modulo window).
func down(kept *[window][]moments, first int) (sum float64) {
	for x := range kept[0] {
		m := mean(func(i int) *moments { return &kept[(first+i)%window][x] })
		sum += index(m)
	}
	return sum
}

func mean(at func(i int) *moments) (m moments) {
	for i, w := range weights {
		for k, v := range at(i) {
			m[k] += w * v
		}
	}
	return m
}

// index is the paper's equation 13.
func index(m moments) float64 {
	a, b := m[0], m[1]
	varianceA, varianceB, covariance := m[2]-a*a, m[3]-b*b, m[4]-a*b
	return (2*a*b + c1) * (2*covariance + c2) / ((a*a + b*b + c1) * (varianceA + varianceB + c2))
}
