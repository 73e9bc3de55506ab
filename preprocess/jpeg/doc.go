// Package jpeg decodes JPEG pictures at the scale that is needed: whole, or at
// 1/2, 1/4 or 1/8 of their size, which takes that much less work and memory
// after the entropy decoder. What is damaged it can decode as far as it goes.
//
// It reads baseline, extended sequential and progressive pictures of 8 bits
// with Huffman codes, of 1, 3 or 4 components with any sampling factors. What
// has 12 bits, arithmetic codes, or is lossless or hierarchical, is told apart
// as [ErrUnsupported].
//
// It also writes baseline JPEG, from planes as they are and without metadata; and
// of a file that was decoded a copy without metadata.
//
// The package owns the way from bytes to planes of samples, and back. It does
// not resize any further, apply orientations or colour profiles, or look at
// metadata. It starts no goroutines: whoever has many pictures decodes many at
// once.
//
// # Sources
//
// The format is ITU-T T.81 (ISO/IEC 10918-1), the segments JFIF 1.02 and Adobe
// Technical Note 5116. The inverse DCT of 8 points is that of Loeffler,
// Ligtenberg and Moschytz ("Practical Fast 1-D DCT Algorithms with 11
// Multiplications", ICASSP 1989), in the fixed point of libjpeg's jidctint.c.
// The reduced ones are inverse DCTs of 4, 2 and 1 points of the coefficients
// of the lowest frequencies, as in libjpeg since version 7. (Before that, and
// in libjpeg-turbo, they are the mean of 2, 4 or 8 samples of the whole
// inverse DCT, which needs more coefficients and blurs a little.)
//
// A damaged picture is read as libjpeg reads it (jdhuff.c, jdphuff.c,
// jdmarker.c: jpeg_resync_to_restart), because that is what browsers and
// viewers show people.
package jpeg
