# frozen_string_literal: true

# A host for plug-ins: every module of a folder is loaded once, with limits of its own, and run on each
# line of input. A plug-in that traps, loops or grows too much is told of and left out; the host works
# on.
#
#   ./dev ruby examples/ruby/plugins.rb FOLDER < lines
#
# A plug-in carries WIT and exports greet: func(name: string) -> string.
require "wherry"

# One plug-in, and how it fared.
class Plugin
  attr_reader :name

  def initialize(path)
    @name = File.basename(path, ".wasm")
    @guest = Wherry.load(path, memory_limit: "16 MB", timeout: 0.5)
    @works = @guest.respond_to?(:greet)
    warn "#{@name}: exports no greet" unless @works
  rescue Wherry::Error => e
    warn "#{@name}: #{e.message.lines.first.chomp}"
  end

  def works?
    @works
  end

  def run(line)
    @guest.greet(line)
  rescue Wherry::Error => e
    @works = false
    warn "#{@name}: #{e.message}", e.frames.map { |frame| "  at #{frame}" }
    nil
  end
end

folder = ARGV.fetch(0, File.expand_path("../guests", __dir__))
plugins = Dir[File.join(folder, "*.wasm")].sort.map { |path| Plugin.new(path) }
$stdin.each_line(chomp: true) do |line|
  plugins.select(&:works?).each { |plugin| puts "#{plugin.name}: #{plugin.run(line)}" }
end
