package engine

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"

	"pktsh/engine/plan"
	"pktsh/engine/wireshark"
)

// This file tells whether the keys of a capture's configuration fit it: a key that
// Wireshark takes and that decrypts nothing is silence otherwise.

// Decryption says what the configured keys do to a capture.
type Decryption struct {
	// WLANKeys is how many keys for 802.11 there are. Protected counts the data
	// frames that are encrypted, WEP those of them that are by WEP, Decrypted
	// those that the keys decrypt.
	WLANKeys                  int
	Protected, WEP, Decrypted int
	// Kinds are the kinds of those keys, each once: "wep", "wpa-pwd".
	Kinds []string
	// KeyLogs is how many TLS key logs there are, Keyed how many sessions they have
	// keys for. Sessions counts the TLS and DTLS sessions that begin in the capture,
	// Known those of them that the logs have; OtherKeys says that the logs also have
	// keys of which that cannot be told.
	KeyLogs, Keyed, Sessions, Known int
	OtherKeys                       bool
}

// Decryption asks Wireshark's dissectors what the configured keys do; it waits for
// them. It returns nil where no keys are configured, or there is no Wireshark.
func (c *Capture) Decryption(ctx context.Context) (*Decryption, error) {
	if len(c.config.DecryptionKeys)+len(c.config.KeyLogs()) == 0 || !c.session.deepAllowed() {
		return nil, nil
	}
	t, _, err := c.tier(ctx, plan.Question{})
	if err != nil {
		return nil, err
	}
	if deep, ok := t.(*wireshark.Dissector); ok {
		return c.decryption(ctx, deep)
	}
	return nil, nil
}

func (c *Capture) decryption(ctx context.Context, deep *wireshark.Dissector) (*Decryption, error) {
	d := &Decryption{WLANKeys: len(c.config.DecryptionKeys), KeyLogs: len(c.config.KeyLogs())}
	if d.WLANKeys > 0 {
		if err := c.wlanDecryption(ctx, deep, d); err != nil {
			return nil, err
		}
	}
	if d.KeyLogs > 0 {
		if err := c.tlsDecryption(ctx, deep, d); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// What of a protected data frame is plain: LLC, or the MSDUs of an aggregate.
const (
	protectedFrames = "wlan.fc.protected == 1 && wlan.fc.type == 2"
	decryptedFrames = protectedFrames + " && (llc || wlan_aggregate)"
	wepFrames       = protectedFrames + " && wlan.wep.iv"
)

func (c *Capture) wlanDecryption(ctx context.Context, deep *wireshark.Dissector, d *Decryption) error {
	seen := map[string]bool{}
	for _, record := range c.config.DecryptionKeys {
		kind, _, _ := strings.Cut(strings.Trim(record, `"`), `"`)
		if !seen[kind] {
			seen[kind] = true
			d.Kinds = append(d.Kinds, kind)
		}
	}
	for _, count := range []struct {
		filter string
		into   *int
	}{{protectedFrames, &d.Protected}, {decryptedFrames, &d.Decrypted}, {wepFrames, &d.WEP}} {
		set, err := deep.Filter(ctx, count.filter)
		if err != nil {
			return err
		}
		if *count.into = int(set.GetCardinality()); d.Protected == 0 {
			return nil
		}
	}
	return nil
}

// clientHellos are the messages whose Random names a session in a key log.
const (
	clientHellos = "tls.handshake.type == 1 || dtls.handshake.type == 1"
	helloRandoms = "tls.handshake.random||dtls.handshake.random"
)

func (c *Capture) tlsDecryption(ctx context.Context, deep *wireshark.Dissector, d *Decryption) error {
	logged := map[string]bool{}
	for _, path := range c.config.KeyLogs() {
		log, err := wireshark.ReadKeyLog(path)
		if err != nil {
			return err
		}
		for random := range log.Randoms {
			logged[random] = true
		}
		d.OtherKeys = d.OtherKeys || log.ByOther
	}
	d.Keyed = len(logged)
	hellos, err := deep.Filter(ctx, clientHellos)
	if err != nil || hellos.IsEmpty() {
		return err
	}
	sessions := map[string]bool{} // a hello may be retransmitted
	err = deep.Columns(ctx, hellos.ToArray(), []string{helloRandoms}, func(_ uint32, values []string) error {
		for _, text := range strings.Split(values[0], ",") {
			if random, err := hex.DecodeString(strings.ReplaceAll(text, ":", "")); err == nil && len(random) > 0 {
				sessions[string(random)] = true
			}
		}
		return nil
	})
	for random := range sessions {
		if logged[random] {
			d.Known++
		}
	}
	d.Sessions = len(sessions)
	return err
}

// Summary says in a sentence or two what the keys do: "the keys decrypt 59 of 59
// protected 802.11 packets".
func (d *Decryption) Summary() string {
	var parts []string
	if d.WLANKeys > 0 {
		parts = append(parts, fmt.Sprintf("the 802.11 keys decrypt %d of %d protected packets", d.Decrypted, d.Protected))
	}
	if d.KeyLogs > 0 {
		text := fmt.Sprintf("the key log knows %d of the %d TLS sessions that begin here", d.Known, d.Sessions)
		if d.OtherKeys {
			text += ", and has keys of which that cannot be told"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

// Complaint says why nothing is decrypted, "" where something is.
func (d *Decryption) Complaint() string {
	var parts []string
	if d.WLANKeys > 0 && d.Decrypted == 0 {
		parts = append(parts, d.wlanComplaint())
	}
	if d.KeyLogs > 0 && d.Known == 0 && !d.OtherKeys {
		switch {
		case d.Keyed == 0:
			parts = append(parts, "the key log has no keys yet: no TLS session is decrypted")
		case d.Sessions == 0:
			parts = append(parts, "no TLS session begins in this capture: the key log decrypts nothing")
		default:
			parts = append(parts, fmt.Sprintf("none of the %d TLS sessions that begin in this capture is among the %d of the key log: nothing is decrypted", d.Sessions, d.Keyed))
		}
	}
	return strings.Join(parts, "; ")
}

func (d *Decryption) wlanComplaint() string {
	forWEP, forWPA := false, false
	for _, kind := range d.Kinds {
		forWEP, forWPA = forWEP || kind == "wep", forWPA || kind != "wep"
	}
	switch {
	case d.Protected == 0:
		return "no packet of this capture is protected by 802.11: the decryption key decrypts nothing"
	case d.WEP == d.Protected && !forWEP:
		return fmt.Sprintf("the %d protected packets are protected by WEP and the decryption key is of the type %s: nothing is decrypted (want the type wep)", d.Protected, strings.Join(d.Kinds, ", "))
	case d.WEP == 0 && !forWPA:
		return fmt.Sprintf("the %d protected packets are protected by WPA and the decryption key is of the type wep: nothing is decrypted (want wpa-pwd or wpa-psk)", d.Protected)
	case d.WEP == 0:
		return fmt.Sprintf("the decryption key decrypts none of %d protected packets: it is another network's, or the capture lacks the four EAPOL messages of its handshake", d.Protected)
	}
	return fmt.Sprintf("the decryption key decrypts none of %d protected packets: it is another network's", d.Protected)
}

// judgeKeys tells once, when the dissectors first are there, that the configured
// keys decrypt nothing. Of a capture that grows that cannot be told.
func (c *Capture) judgeKeys(ctx context.Context, deep *wireshark.Dissector) error {
	if len(c.config.DecryptionKeys)+len(c.config.KeyLogs()) == 0 || c.session.cfg.Notify == nil || c.growing != nil {
		return nil
	}
	c.mu.Lock()
	judged := c.judged
	c.judged = true
	c.mu.Unlock()
	if judged {
		return nil
	}
	stop := c.session.wait("looking whether the keys fit", unknown)
	d, err := c.decryption(ctx, deep)
	stop()
	if err != nil {
		c.mu.Lock()
		c.judged = ctx.Err() == nil // what is wrong, the question itself will meet
		c.mu.Unlock()
		return ctx.Err()
	}
	if text := d.Complaint(); text != "" {
		c.session.cfg.Notify(c.Name() + ": " + text)
	}
	return nil
}
