package main

import (
	"testing"
	"time"
)

func TestAgesAndSizes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"30d": 30 * 24 * time.Hour, "8w": 56 * 24 * time.Hour, "36h": 36 * time.Hour, "1h30m": 90 * time.Minute,
		"": 0, "30": 0, "-1d": 0, "0d": 0, "1.5d": 0, "d": 0, "106752d": 0, "-3h": 0,
	} {
		var a age
		if err := a.UnmarshalText([]byte(text)); time.Duration(a) != want || (err == nil) != (want > 0) {
			t.Errorf("%q is %s, %v", text, time.Duration(a), err)
		}
	}
	for text, want := range map[string]int64{
		"50GB": 50e9, "800MiB": 800 << 20, "1B": 1, "7KB": 7000, "2TiB": 2 << 40,
		"": 0, "50": 0, "0GB": 0, "-1GB": 0, "GB": 0, "9999999999TB": 0, "1.5GB": 0,
	} {
		var b size
		if err := b.UnmarshalText([]byte(text)); int64(b) != want || (err == nil) != (want > 0) {
			t.Errorf("%q is %d, %v", text, b, err)
		}
	}
}
