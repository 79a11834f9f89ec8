# Shared by scripts/run and scripts/test: what must be installed and built, done only when something changed.
# shellcheck shell=bash
#
# A finished step leaves a stamp with the hash of what it was made from; a repeated run compares and goes on.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
VENV=$ROOT/.venv
STAMPS=$ROOT/.gis-grid/stamps
SETUP_LOG=$ROOT/.gis-grid/setup.log

fail() { # one sentence in English, one in Chinese if it is for an office administrator
  printf '%s\n' "$@" >&2
  exit 1
}

seconds_since() {
  awk -v began="$1" -v now="$EPOCHREALTIME" 'BEGIN { printf "%.1f s", now - began }'
}

# step TEXT COMMAND...: runs quietly, says how long it took, shows the end of the log when it fails.
step() {
  local text=$1 began=$EPOCHREALTIME
  shift
  printf '%s ... ' "$text"
  printf '== %s\n' "$text" >>"$SETUP_LOG"
  if "$@" >>"$SETUP_LOG" 2>&1 </dev/null; then
    printf '%s\n' "$(seconds_since "$began")"
  else
    printf 'failed\n'
    tail -n 25 "$SETUP_LOG" >&2
    fail "This step failed: $text. The whole log: $SETUP_LOG" "这一步失败:$text。日志:$SETUP_LOG"
  fi
}

# stage TEXT COMMAND...: the same with the output shown, for checks whose words matter.
stage() {
  local text=$1 began=$EPOCHREALTIME
  shift
  printf '== %s\n' "$text"
  "$@" || fail "Failed: $text ($(seconds_since "$began"))"
  printf '== %s: %s\n' "$text" "$(seconds_since "$began")"
}

begin_setup() { # two at once would install into each other: the second waits
  if ! mkdir -p "$STAMPS" 2>/dev/null || [ ! -w "$STAMPS" ]; then
    fail "The folder $ROOT cannot be written by $(id -un): run as its owner." "目录不可写,请用目录所有者的账号运行"
  fi
  exec 9>"$ROOT/.gis-grid/setup.lock"
  flock 9
  : >"$SETUP_LOG"
}

end_setup() { exec 9>&-; } # the server must not inherit the lock

is_stamped() { [ "$(cat "$STAMPS/$1" 2>/dev/null)" = "$2" ]; }
stamp() { printf '%s\n' "$2" >"$STAMPS/$1"; }

hash_of() { cat -- "$@" | sha256sum | cut -d ' ' -f 1; }

# -- Debian packages

uses_own_database() { # a DATABASE_URL, from the environment or .env, instead of the private cluster
  [ -n "${DATABASE_URL:-}" ] || grep -qs '^DATABASE_URL=.' "$ROOT/.env"
}

have_postgis() {
  local folder version
  for folder in /usr/lib/postgresql/*/bin; do
    version=$(basename "$(dirname "$folder")")
    [ "$version" -ge 15 ] 2>/dev/null && [ -x "$folder/initdb" ] &&
      [ -e "/usr/share/postgresql/$version/extension/postgis.control" ] && return 0
  done
  [ -x "$(pg_config --bindir 2>/dev/null)/initdb" ] && [ -e "$(pg_config --sharedir)/extension/postgis.control" ]
}

find_python() {
  local name
  for name in python3 python3.13 python3.12 python3.11; do
    if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
      command -v "$name"
      return 0
    fi
  done
  return 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

install_packages() {
  # Debian would make and start a cluster of its own; ours is private.
  local setting=/etc/postgresql-common/createcluster.d/gis-grid.conf names=() version status=0
  as_root apt-get update -q || return 1
  as_root mkdir -p "$(dirname "$setting")"
  printf 'create_main_cluster = false\n' | as_root tee "$setting" >/dev/null
  for name in "$@"; do
    if [ "$name" = postgis ]; then
      version=$(apt-cache search --names-only '^postgresql-[0-9]+-postgis-3$' | sed 's/^postgresql-//; s/-.*//' |
        sort -rn | head -n 1)
      names+=("postgresql-${version:-15}" "postgresql-${version:-15}-postgis-3")
    else
      names+=("$name")
    fi
  done
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${names[@]}" || status=1
  as_root rm -f "$setting"
  return "$status"
}

# need_packages NAME...: Debian package names; "postgis" means PostgreSQL with PostGIS, "python" means Python with venv.
need_packages() {
  local name missing=()
  for name in "$@"; do
    case $name in
      postgis) have_postgis || missing+=(postgis) ;;
      python)
        { find_python >/dev/null && "$(find_python)" -c 'import ensurepip, venv' 2>/dev/null; } ||
          missing+=(python3 python3-venv)
        ;;
      *) [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name") ;;
    esac
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if ! command -v apt-get >/dev/null; then
    have_postgis && find_python >/dev/null && return 0
    fail "This is not Debian or Ubuntu: install PostgreSQL >= 15 with PostGIS >= 3.3 and Python >= 3.11, \
or set DATABASE_URL to such a database, and run this again." "请先安装 PostgreSQL 15+、PostGIS 3.3+ 和 Python 3.11+"
  fi
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    if ! printf '%s\n' "${missing[@]}" | grep -qvxE 'fonts-noto-cjk|libpango.*'; then
      echo "Missing: ${missing[*]}. Boards and printed maps need them. Everything else works."
      return 0
    fi
    fail "Missing: ${missing[*]/#postgis/postgresql-15 postgresql-15-postgis-3}. Install them as root with apt-get, \
or run this once as root, or set DATABASE_URL." "缺少软件包,请先用 root 运行一次"
  fi
  if [ "$(id -u)" != 0 ]; then sudo -v || fail "Missing: ${missing[*]}. Installing them needs sudo." "需要 sudo 权限"; fi
  step "Installing Debian packages (${missing[*]})" install_packages "${missing[@]}"
}

# -- Python environment

make_venv() {
  local python
  python=$(find_python) || fail "Python 3.11 or newer is missing: install it, and run this again." "请先安装 Python 3.11+"
  rm -rf "$VENV"
  "$python" -m venv "$VENV" ||
    fail "Python cannot make a virtual environment: install python3-venv, and run this again." "请先安装 python3-venv"
}

pip_setting() { "$VENV/bin/python" -m pip config get "global.$1" 2>/dev/null | tr '\n' ' ' | sed 's/ *$//'; }

install_requirements() { # uv takes seconds where pip takes minutes, but it does not read pip's own settings
  local name files=() index extra
  for name in "$@"; do files+=(-r "$ROOT/requirements/$name.txt"); done
  [ -x "$VENV/bin/uv" ] || "$VENV/bin/python" -m pip install -q uv || echo "uv cannot be had; pip does it."
  if [ -x "$VENV/bin/uv" ]; then
    index=${PIP_INDEX_URL:-$(pip_setting index-url)}
    extra=${PIP_EXTRA_INDEX_URL:-$(pip_setting extra-index-url)}
    [ -z "$index" ] || export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$index}"
    [ -z "$extra" ] || export UV_INDEX="${UV_INDEX:-$extra}"
    # Every package is checked against its hash, so it does not matter which index answers.
    if VIRTUAL_ENV=$VENV "$VENV/bin/uv" pip install --index-strategy unsafe-best-match --require-hashes "${files[@]}" &&
      VIRTUAL_ENV=$VENV "$VENV/bin/uv" pip install --no-deps -e "$ROOT"; then
      return 0
    fi
    echo "uv did not manage; pip tries."
  fi
  "$VENV/bin/python" -m pip install -q --require-hashes "${files[@]}" &&
    "$VENV/bin/python" -m pip install -q --no-deps -e "$ROOT"
}

# need_venv NAME...: .venv with requirements/NAME.txt and the project itself.
need_venv() {
  local name files=("$ROOT/pyproject.toml") wanted
  # Programs in a virtual environment carry its full path: a moved project needs a new one.
  if ! grep -qsF "$VENV" "$VENV/bin/activate" || ! "$VENV/bin/python" -c '' 2>/dev/null; then
    step "Making the Python environment" make_venv
    rm -f "$STAMPS"/venv-*
  fi
  for name in "$@"; do files+=("$ROOT/requirements/$name.txt"); done
  wanted=$(hash_of "${files[@]}")
  is_stamped "venv-$1" "$wanted" && [ -x "$VENV/bin/gis-grid" ] && return 0
  step "Installing Python packages ($*)" install_requirements "$@"
  stamp "venv-$1" "$wanted"
}

# -- console

hash_of_console() {
  (cd "$ROOT/web" && find . \( -name node_modules -o -name dist \) -prune -o -type f -print0 | LC_ALL=C sort -z |
    xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1)
}

npm_in_web() { (cd "$ROOT/web" && PATH="$VENV/bin:$PATH" "$VENV/bin/npm" "$@"); }

need_node_modules() {
  local wanted
  wanted=$(hash_of "$ROOT/web/package.json" "$ROOT/web/package-lock.json")
  is_stamped node-modules "$wanted" && [ -d "$ROOT/web/node_modules" ] && return 0
  step "Installing the console's packages" npm_in_web ci --no-audit --no-fund
  stamp node-modules "$wanted"
}

need_console() {
  local wanted
  if [ ! -e "$ROOT/web/package.json" ]; then
    echo "There is no web/ yet: the console is not built."
    return 0
  fi
  wanted=$(hash_of_console)
  is_stamped console "$wanted" && [ -e "$ROOT/gis_grid/console/index.html" ] && return 0
  need_node_modules
  step "Building the console" npm_in_web run build
  stamp console "$(hash_of_console)" # the build may write generated declarations beside its sources
}
