-- Distinct orders for wrk: lines of different products, a customer, an address.
-- Environment: ORDERS_KEY (API key), ORDERS_SKUS (how many products), ORDERS_BATCH (orders a body),
-- ORDERS_LINES (how many lines).
local key = os.getenv("ORDERS_KEY") or ""
local skus = tonumber(os.getenv("ORDERS_SKUS") or "1000")
local batch = tonumber(os.getenv("ORDERS_BATCH") or "0")
local count = tonumber(os.getenv("ORDERS_LINES") or "3")
local threads = 0

function setup(thread)
  threads = threads + 1
  thread:set("id", threads)
end

function init(args)
  math.randomseed(os.time() * 100 + id)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Authorization"] = "Bearer " .. key
end

local function line(sku)
  return string.format(
    '{"sku":"SKU-%04d","quantity":%d,"unit_price":"2.55","tax":"0.42","title":"A thing to buy"}',
    sku, math.random(5))
end

local function order()
  local first = math.random(0, skus - 1)
  local lines = {}
  for n = 1, count do lines[n] = line((first + 7 * (n - 1)) % skus) end
  return string.format(
    '{"channel":"web","currency":"GBP","customer":{"id":"%d","name":"A. Customer",' ..
    '"email":"a%d@example.com"},"shipping_address":{"name":"A. Customer","line1":"1 High Street",' ..
    '"city":"Leeds","postal_code":"LS1 1AA","country":"GB"},"lines":[%s],' ..
    '"shipping":{"service":"standard","price":"4.95"}}',
    math.random(100000), math.random(100000),
    table.concat(lines, ","))
end

function request()
  if batch == 0 then
    return wrk.format(nil, nil, nil, order())
  end
  local orders = {}
  for n = 1, batch do orders[n] = order() end
  return wrk.format(nil, nil, nil, '{"orders":[' .. table.concat(orders, ",") .. ']}')
end

dofile("done.lua")
