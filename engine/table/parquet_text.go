package table

import (
	"encoding/hex"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// parquet_text.go has the texts of values that are no texts, exactly.

// appendDecimal appends a whole number of so many digits behind the point: all of them.
func appendDecimal(b []byte, digits string, scale int) []byte {
	if rest, negative := strings.CutPrefix(digits, "-"); negative {
		b, digits = append(b, '-'), rest
	}
	if scale <= 0 || scale > maxCell {
		return append(b, digits...)
	}
	if n := scale + 1 - len(digits); n > 0 {
		digits = strings.Repeat("0", n) + digits
	}
	at := len(digits) - scale
	return append(append(append(b, digits[:at]...), '.'), digits[at:]...)
}

// decimalOf returns what appends decimal numbers, as integers or as bytes, the highest
// first, in two's complement.
func decimalOf(kind parquet.Kind, scale int) func([]byte, parquet.Value) []byte {
	return func(b []byte, v parquet.Value) []byte {
		switch kind {
		case parquet.Int32:
			return appendDecimal(b, strconv.FormatInt(int64(v.Int32()), 10), scale)
		case parquet.Int64:
			return appendDecimal(b, strconv.FormatInt(v.Int64(), 10), scale)
		}
		raw := v.ByteArray()
		n := new(big.Int).SetBytes(raw)
		if len(raw) > 0 && raw[0]&0x80 != 0 {
			n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(raw))))
		}
		return appendDecimal(b, n.String(), scale)
	}
}

// appendUUID appends a UUID in the form of RFC 9562.
func appendUUID(b []byte, v parquet.Value) []byte {
	u := v.ByteArray()
	if len(u) != 16 {
		return hex.AppendEncode(b, u)
	}
	for i, part := range [][]byte{u[:4], u[4:6], u[6:8], u[8:10], u[10:]} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, part)
	}
	return b
}

// clockOf appends times of day in a unit: 15:04:05.25.
func clockOf(unit format.TimeUnit) func([]byte, parquet.Value) []byte {
	scale := time.Nanosecond
	if unit.Value != nil {
		scale = unit.Value.Duration()
	}
	return func(b []byte, v parquet.Value) []byte {
		n := v.Int64()
		if v.Kind() == parquet.Int32 {
			n = int64(v.Int32())
		}
		return time.Unix(0, 0).UTC().Add(time.Duration(n)*scale).AppendFormat(b, "15:04:05.999999999")
	}
}

// appendInt96 appends a time of old writers: nanoseconds of a day, and the day of the
// Julian calendar, in UTC.
func appendInt96(b []byte, v parquet.Value) []byte {
	const unixDay = 2440588
	i := v.Int96()
	nanos := int64(i[1])<<32 | int64(i[0])
	return time.Unix((int64(int32(i[2]))-unixDay)*24*60*60, nanos).UTC().AppendFormat(b, time.RFC3339Nano)
}
