package format

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// The kinds of messages of Message.fbs that a stream may have.
const (
	arrowSchema     = 1
	arrowDictionary = 2
	arrowRecord     = 3
)

// arrowLead is the length of what stands before a message's metadata: a mark and their
// length.
const arrowLead = 8

// schema parses a Schema of Schema.fbs, and returns how many more columns and parts of
// columns it might have.
func (t *arrowTable) schema(b *flat, schema int) (left int, err error) {
	if b.bad || schema == 0 {
		return 0, errFlat
	}
	if b.firstI16(schema) != 0 {
		return 0, errors.New("its numbers are big-endian; write them little-endian")
	}
	left = maxArrays
	t.fields, err = arrowFields(b, schema, 1, &left, 0)
	return left, err
}

// stream reads the messages of an Arrow IPC stream one after another, as
// https://arrow.apache.org/docs/format/Columnar.html has them: a schema, and batches. A
// stream may end without a mark.
func (t *arrowTable) stream(ctx context.Context) error {
	budget, left := int64(maxHeader), maxArrays
	for at, n := int64(0), 0; at < t.size; n++ {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		meta, err := t.message(at)
		if err == nil && meta == nil {
			break
		}
		if err == nil {
			if budget -= int64(len(meta)); budget < 0 {
				return fmt.Errorf("the metadata of the batches are longer than the %d bytes allowed", maxHeader)
			}
			at, err = t.take(&flat{b: meta}, at, &left, &budget)
		}
		if err != nil {
			return fmt.Errorf("message %d, at byte %d: %w", n, at, err)
		}
	}
	if t.fields == nil {
		return errors.New("its metadata have no columns")
	}
	return nil
}

// message reads the metadata of the message at a place; nil is the end of the stream.
func (t *arrowTable) message(at int64) ([]byte, error) {
	var head [arrowLead]byte
	if at > t.size-arrowLead {
		return nil, fmt.Errorf("it does not fit in the file's %d bytes: it is truncated", t.size)
	}
	if err := readFull(t.f, head[:], at); err != nil {
		return nil, err
	}
	length := int64(int32(binary.LittleEndian.Uint32(head[4:])))
	switch {
	case binary.LittleEndian.Uint32(head[:]) != math.MaxUint32:
		return nil, errors.New("it does not begin as a message does")
	case length == 0:
		return nil, nil
	case length < 0 || length > maxHeader || length > t.size-arrowLead-at:
		return nil, fmt.Errorf("its metadata, %d bytes, do not fit in the file's %d, or are longer than the %d allowed: it is truncated", length, t.size, maxHeader)
	}
	meta := make([]byte, length)
	return meta, readFull(t.f, meta, at+arrowLead)
}

// take takes over the message at a place, and returns where the next begins.
func (t *arrowTable) take(b *flat, at int64, left *int, budget *int64) (next int64, err error) {
	length := int64(len(b.b))
	message := b.follow(0)
	kind, body := b.u8Field(message, 1), b.i64Field(message, 3)
	if b.bad || body < 0 || body > t.size-arrowLead-length-at {
		return at, fmt.Errorf("its %d bytes do not fit in the file's %d: it is truncated, or damaged", body, t.size)
	}
	switch {
	case kind == arrowSchema && t.fields == nil:
		t.old = b.firstI16(message) < 4
		*left, err = t.schema(b, b.table(message, 2))
	case kind == arrowRecord && t.fields != nil:
		if len(t.batches) == maxArrays || (len(t.batches)+1)*(maxArrays-*left) > maxCells {
			return at, fmt.Errorf("its batches are more than the %d allowed, or have more than %d parts", maxArrays, maxCells)
		}
		var batch arrowBatch
		batch, err = t.batch(at, arrowLead+length, body, budget)
		t.batches = append(t.batches, batch)
	case kind != arrowDictionary || t.fields == nil:
		err = errors.New("it is neither a schema nor a batch")
	}
	if err != nil {
		return at, err
	}
	return at + arrowLead + length + body, nil
}
