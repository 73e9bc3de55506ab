package export

// InSheetsOf gives options for small sheets: n rows each, the header included.
func InSheetsOf(n int) XLSXOptions { return XLSXOptions{rowsPerSheet: n} }
