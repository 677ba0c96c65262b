# frozen_string_literal: true

# The RBS file says what there is: every public method, and nothing else.
require "helper"

begin
  require "rbs"
rescue LoadError
  puts "skipped: the gem rbs is not there"
  exit! 77
end

class SignatureTest < Minitest::Test
  # Data from the collector's side of things; classes of SWIG's parts, which only Raw hands out.
  PARTS = %i[ExternType World WitFuncType Type FuncType Raw Native].freeze

  def setup
    file = File.expand_path("../../bindings/ruby/sig/wherry.rbs", __dir__)
    @module = Array(RBS::Parser.parse_signature(File.read(file))).flatten
                                                                .find { |item| item.respond_to?(:members) }
    @classes = @module.members.select { |member| member.respond_to?(:members) }
                      .to_h { |member| [member.name.name, member] }
  end

  def declared(members, kind)
    members.select { |member| member.respond_to?(:kind) && (member.kind == kind) }
           .flat_map { |member| member.respond_to?(:ivar_name) ? [member.name] : [member.name] }
  end

  def test_every_class_is_there
    constants = Wherry.constants.select { |name| Wherry.const_get(name).is_a?(::Module) } - PARTS
    assert_equal constants.sort, (@classes.keys - PARTS - %i[_Callable _ToPath _Reader]).sort
  end

  def test_every_public_method_is_there
    @classes.each do |name, item|
      next if PARTS.include?(name) || name.start_with?("_")

      klass = Wherry.const_get(name)
      methods = klass.public_instance_methods(false) - %i[backtrace respond_to_missing?]
      methods = methods.reject { |method| klass.ancestors.include?(Struct) && method.end_with?("=") } - %i[to_s] \
        if klass.ancestors.include?(Struct)
      assert_equal methods.sort, (declared(item.members, :instance) - %i[initialize]).uniq.sort, name.to_s
    end
  end

  def test_the_functions_of_the_module
    functions = Wherry.singleton_methods(false) - %i[new_record]
    assert_equal functions.sort, declared(@module.members, :singleton).uniq.sort
  end
end
