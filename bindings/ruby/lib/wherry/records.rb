# frozen_string_literal: true

module Wherry
  # What the classes of WIT records share. They are Data from Ruby 3.2 on, frozen keyword Structs
  # before, and take part in == and in pattern matching as those do.
  module Record
    def inspect
      fields = to_h.map { |name, value| "#{name}=#{value.inspect}" }
      "#<#{[self.class.name, fields.join(", ")].join(" ").strip}>"
    end
    alias to_s inspect

    # How the class tells its name; it belongs to a module, not to a constant.
    module Named
      attr_reader :name
      alias inspect name
      alias to_s name
    end
  end

  # The class of a record; the shim asks for it once per module and record.
  def self.new_record(name, fields)
    klass = defined?(::Data.define) ? ::Data.define(*fields) : frozen_struct(fields)
    klass.include(Record)
    klass.extend(Record::Named)
    klass.define_method(:inspect, Record.instance_method(:inspect))
    klass.define_method(:to_s, Record.instance_method(:inspect))
    klass.instance_variable_set(:@name, name.freeze)
    klass
  end

  def self.frozen_struct(fields)
    Struct.new(*fields, keyword_init: true) do
      def initialize(**fields)
        missing = members - fields.keys
        raise ArgumentError, "missing keyword: #{missing.first.inspect}" unless missing.empty?

        super
        freeze
      end
    end
  end
  private_class_method :frozen_struct
end
