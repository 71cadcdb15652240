-- For wrk: ask the paths of a file, one after another, with a pause between two; print what happened as JSON.
--   wrk … -s paths.lua URL -- FILE [PAUSE_IN_MILLISECONDS [NAME VALUE]]

local paths, at, pause = {}, 0, 0

function init(args)
  for line in io.lines(args[1]) do paths[#paths + 1] = line end
  pause = tonumber(args[2] or "0")
  if args[3] then wrk.headers[args[3]] = args[4] end
end

function request()
  at = at % #paths + 1
  return wrk.format("GET", paths[at])
end

function delay() return pause end

function done(summary, latency)
  local wrong = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %f, "refused": %d, "broken": %d, "p50": %f, "p99": %f}\n',
    summary.requests, summary.duration / 1e6, wrong.status,
    wrong.connect + wrong.read + wrong.write + wrong.timeout,
    latency:percentile(50) / 1e6, latency:percentile(99) / 1e6))
end
