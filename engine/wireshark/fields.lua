-- This script runs in the sharkd that pktsh starts, out of its private profile.
-- Before a reply to the request "frame" it writes every field of the frame's
-- tree, in the tree's order, since the reply itself leaves out hidden fields, the
-- names of fields without a value and the places of fields without bytes:
--
--   #fields BYTES
--   name NUL offset NUL length NUL state NUL value NUL display NUL name …
--
-- state holds "p" for a protocol, "n" for a field without values, "h" for a
-- hidden one and "b" for one that may be below such, the latter two with the number of entries back to one
-- with bytes in the same buffer, 0 for none; value is what PDML has as show, and display, of hidden ones and what
-- is below them only, the line behind its first ": ".
--
-- A request with "columns" is answered without it: that is how pktsh asks for
-- no more than the reply. All other requests have columns too, or a tree that
-- nobody sees.

local all, write, concat, text, format = all_field_infos, io.write, table.concat, tostring, string.format
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

-- What the attributes of a field call, found once: looking them up by name each time takes
-- longer than they do. Where that is not possible, they are asked for by name.
local name, kindof, hidden, show, display, compare

local function find_getters(field)
  local meta = debug and debug.getmetatable(field) or {}
  local get = meta.__getters or {}
  local function by_name(attribute)
    return get[attribute] or function(f) return f[attribute] end
  end
  name, kindof, hidden, display = by_name("name"), by_name("type"), by_name("hidden"), by_name("display")
  show = meta.__tostring or text
  compare = meta.__le or function(f, g) return f <= g end
end

-- Fields in different buffers cannot be compared, which is how to tell.
local function same_buffer(fields, i)
  for back = 1, i - 1 do
    if pcall(compare, fields[i], fields[i-back]) then return back end
  end
  return 0
end

-- Numbers as text: Lua 5.2 writes its numbers as floating point, which is slow.
local most = 65535
local digits = setmetatable({}, {__index = function(known, n)
  local made = format("%d", n)
  if n >= 0 and n <= most then known[n] = made end
  return made
end})

local pktsh = Proto("pktshfields", "pktsh's list of a tree's fields")

function pktsh.dissector(_, pinfo, tree)
  if not tree.visible or text(pinfo.cols.protocol) ~= "(protocol)" then return end
  if since >= batch then make_room() end
  local fields = {all()}
  if not name then find_getters(fields[1]) end
  local out, n = {}, 0
  local below = false -- whether something that may be below a hidden field came
  local before = 0    -- the last hidden field
  for i = 1, #fields do
    local f = fields[i]
    local kind = kindof(f)
    local state, value, line = "", "", ""
    if kind == NONE then
      state = "n"
    elseif kind == PROTOCOL then
      state = "p"
    else
      value = show(f)
    end
    if hidden(f) then
      state, line = state .. "h" .. digits[same_buffer(fields, i)], display(f)
      below = below or kind == NONE
      before = i
    else
      below = below or kind == PROTOCOL and before == i - 1 and name(f) == "_ws.expert"
      if below then state, line = state .. "b" .. digits[same_buffer(fields, i)], display(f) end
    end
    -- -f is the offset, #f the length.
    out[n+1], out[n+2], out[n+3] = name(f), digits[-f], digits[#f]
    out[n+4], out[n+5], out[n+6] = state, value, line
    n = n + 6
  end
  out[n+1] = ""
  since = since + #fields
  local list = concat(out, "\0")
  write("#fields ", #list, "\n", list)
end

register_postdissector(pktsh)
