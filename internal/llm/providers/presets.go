package providers

// preset is what is known of a kind of server.
type preset struct {
	baseURL        string
	baseURLEnv     string // variable that replaces baseURL for the provider of this name
	keyEnv         string
	keyOptional    bool // servers of one's own often ask for no key
	maxTokensField string
}

// presets are the values of type:, and the providers that need no settings.
var presets = map[string]preset{
	"openai": {
		baseURL: "https://api.openai.com/v1", baseURLEnv: "OPENAI_BASE_URL", keyEnv: "OPENAI_API_KEY",
		maxTokensField: "max_completion_tokens",
	},
	"anthropic": {baseURL: "https://api.anthropic.com/v1", keyEnv: "ANTHROPIC_API_KEY", maxTokensField: "max_tokens"},
	"gemini":    {baseURL: "https://generativelanguage.googleapis.com/v1beta/openai", keyEnv: "GEMINI_API_KEY", maxTokensField: "max_tokens"},
	"ollama":    {baseURL: "http://localhost:11434/v1", keyEnv: "OLLAMA_API_KEY", keyOptional: true, maxTokensField: "max_tokens"},
	"vllm":      {baseURL: "http://localhost:8000/v1", keyEnv: "VLLM_API_KEY", keyOptional: true, maxTokensField: "max_tokens"},
	"llamacpp":  {baseURL: "http://localhost:8080/v1", keyEnv: "LLAMA_API_KEY", keyOptional: true, maxTokensField: "max_tokens"},
	"script":    {},
}
