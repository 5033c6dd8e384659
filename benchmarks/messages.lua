-- Messages of a vendor for wrk, each with its own signature, from the file MESSAGES_FILE: a line each,
-- of path, header and body with tabs between. Each thread sends a part of them, and begins anew at
-- the end.
local threads = 0
local counter = 0
local messages = {}
local mine = 0

function setup(thread)
  thread:set("id", threads)
  threads = threads + 1
end

function init(args)
  for line in io.lines(os.getenv("MESSAGES_FILE")) do
    if counter % 2 == id % 2 then messages[#messages + 1] = line end
    counter = counter + 1
  end
end

function request()
  mine = mine % #messages + 1
  local path, signature, body = messages[mine]:match("([^\t]*)\t([^\t]*)\t(.*)")
  local headers = { ["Content-Type"] = "application/json", ["Stripe-Signature"] = signature }
  return wrk.format("POST", path, headers, body)
end

dofile("done.lua")
