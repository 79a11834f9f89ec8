-- wrk: ask the paths of a file in turn, with the headers of another; report latency as one line of JSON.
local paths, at = {}, 0
function init(args)
  for line in io.lines(args[1]) do paths[#paths + 1] = line end
  local token = args[2]
  if token then wrk.headers["Authorization"] = "Bearer " .. token end
end
function request()
  at = at % #paths + 1
  return wrk.format("GET", paths[at])
end
function done(summary, latency)
  local failed = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  print(string.format('JSON {"n": %d, "wall_s": %f, "p50_ms": %f, "p99_ms": %f, "failed": %d, "bytes": %d}', summary.requests,
    summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, failed, summary.bytes))
end
