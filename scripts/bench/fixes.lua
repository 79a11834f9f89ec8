-- Phones: each request is the next fix of the next device. Arguments: a file of "number key" lines, the first second.
local devices, n = {}, 0
local thread_no = 0
function setup(thread) thread:set("id", thread_no); thread_no = thread_no + 1 end
function init(args)
  for line in io.lines(args[1]) do
    local code, key = line:match("(%S+) (%S+)")
    devices[#devices + 1] = { code, key }
  end
  began = tonumber(args[2]) + id * 500000
end
function request()
  n = n + 1
  local device = devices[n % #devices + 1]
  return wrk.format("GET", string.format(
    "/ingest/osmand/%s?id=%s&timestamp=%d&lat=%.6f&lon=%.6f&speed=2.3&bearing=45.0&altitude=246.0&accuracy=5.0&batt=88.0",
    device[2], device[1], began + math.floor(n / #devices), 30.0 + (n % 1000) * 1e-5, 110.0 + (n % 700) * 1e-5))
end
function response(status) if status ~= 200 then bad = (bad or 0) + 1 end end
