package script

// Renew has packets forget what they were dissected to: a capture was configured
// anew, or has grown. Layers and fields that a script took stay what they were.
func (it *Interp) Renew() { it.epoch++ }

// renew forgets what was known in an earlier epoch.
func (p *Packet) renew() {
	if p.epoch != p.it.epoch {
		p.epoch = p.it.epoch
		p.index, p.told, p.row, p.window = nil, nil, nil, nil
	}
}
