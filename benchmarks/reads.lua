-- Orders at random, one a request, or the newest page of the list.
-- Environment: ORDERS_KEY (API key), ORDERS_IDS (a file of order ids; without it, the list).
local key = os.getenv("ORDERS_KEY") or ""
local ids = {}
local threads = 0

function setup(thread)
  threads = threads + 1
  thread:set("id", threads)
end

function init(args)
  math.randomseed(os.time() * 100 + id)
  wrk.headers["Authorization"] = "Bearer " .. key
  local file = os.getenv("ORDERS_IDS")
  if file then
    for line in io.lines(file) do ids[#ids + 1] = line end
  end
end

function request()
  if #ids == 0 then return wrk.format("GET", "/v1/orders") end
  return wrk.format("GET", "/v1/orders/" .. ids[math.random(#ids)])
end

dofile("done.lua")
