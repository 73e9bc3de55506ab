#compdef vlocal
# zsh completion for vlocal.
_vlocal() {
	local -a found call
	call=("${(@)words[1,CURRENT-1]}")
	[[ $words[CURRENT] == -* ]] && call+=("$words[CURRENT]")
	found=("${(@f)$("${(@)call}" --generate-bash-completion 2>/dev/null)}")
	if [[ -n "${found[1]}" ]]; then
		_describe 'vlocal' found
	else
		_files
	fi
}
compdef _vlocal vlocal
