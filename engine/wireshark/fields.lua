-- This script runs in the sharkd that pktsh starts, out of its private profile.
-- Before a reply to the request "frame" it writes every field of the frame's
-- tree, in the tree's order, since the reply itself leaves out hidden fields, the
-- names of fields without a value and the places of fields without bytes:
--
--   #fields BYTES
--   name NUL offset NUL length NUL state NUL value NUL display NUL name …
--
-- state holds "p" for a protocol, "n" for a field without values and "h" for a
-- hidden one, value is what PDML has as show, and display, of hidden ones and what
-- is below them only, the line behind its first ": ".
--
-- A request with "columns" is answered without it: that is how pktsh asks for
-- no more than the reply. All other requests have columns too, or a tree that
-- nobody sees.

local all, write, concat, text = all_field_infos, io.write, table.concat, tostring
local NONE, PROTOCOL = ftypes.NONE, ftypes.PROTOCOL

-- all_field_infos pushes all fields on Lua's stack without making room for them
-- (epan/wslua/wslua_field.c), so there has to be room: for more fields than trees
-- have. Collecting garbage would take it away again, and is done by hand.
local room, batch = 262144, 50000
local since = batch

local function make_room()
  collectgarbage("collect")
  collectgarbage("stop")
  select("#", table.unpack({}, 1, room))
  since = 0
end

local pktsh = Proto("pktshfields", "pktsh's list of a tree's fields")

function pktsh.dissector(_, pinfo, tree)
  if not tree.visible or text(pinfo.cols.protocol) ~= "(protocol)" then return end
  if since >= batch then make_room() end
  local fields = {all()}
  local out, n = {}, 0
  local below = false -- whether a hidden container came
  for i = 1, #fields do
    local f = fields[i]
    local kind = f.type
    local state, value, display = "", "", ""
    if kind == NONE then
      state = "n"
    elseif kind == PROTOCOL then
      state = "p"
    else
      value = text(f)
    end
    if f.hidden then
      state, display = state .. "h", f.display
      below = below or kind == NONE
    elseif below then
      display = f.display
    end
    out[n+1], out[n+2], out[n+3] = f.name, f.offset, f.len
    out[n+4], out[n+5], out[n+6] = state, value, display
    n = n + 6
  end
  out[n+1] = ""
  since = since + #fields
  local list = concat(out, "\0")
  write("#fields ", #list, "\n", list)
end

register_postdissector(pktsh)
